import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTransport
import MeshTrust
import MeshWire

/// Carries out what `ReceiveSession` says, and before that, what comes of an offer.
final class ReceiveShell: TransferShell {
    /// A transfer under way, once the offer was accepted.
    private struct Running {
        var record: TransferRecord
        let sink: FileSink
        let planner: ReceivePlanner
        let decoders = DecoderPool()
        var session: ReceiveSession

        /// In place: a session must not be copied on the way.
        mutating func apply(_ event: (inout ReceiveSession) -> [ReceiveSession.Instruction]) -> [ReceiveSession
            .Instruction]
        {
            event(&session)
        }
    }

    private let context: ReceiveContext
    private let desk: JobDesk
    private let lanes: LaneSet
    private let syncer: BackgroundSyncer?
    private var gate: OfferGate
    private var running: Running?
    private var manifests: [UInt64: ReceivedEntry] = [:]
    private(set) var receipt: Receipt?
    private(set) var outcome: PeerOutcome?
    private(set) var farewell: FailureCode?
    var isSettled: Bool { receipt != nil }

    init(_ context: ReceiveContext, desk: JobDesk, lanes: LaneSet, syncer: BackgroundSyncer?) {
        self.context = context
        self.desk = desk
        self.lanes = lanes
        self.syncer = syncer
        gate = OfferGate(sender: context.peer.nodeID, senderName: context.peerName)
    }

    func channelOpened() -> [ControlMessage] { [] }

    // MARK: the offer

    func control(_ message: TransferControl) -> [ControlMessage] {
        switch message.action {
        case .offer(let stream, let sums, let counting):
            guard stream == lanes.stream, gate.offered(message.transfer, sums, counting: counting) else {
                return [.error(.unsupported, regarding: 0)]
            }
            let (lookup, id) = (OfferLookup(context: context), message.transfer)
            desk.inJournal { .offer(try await lookup.look(up: id, sums)) }
        case .cancel: outcome = .failed(MeshError(.cancelled))
        case .pause: outcome = .failed(MeshError(.paused))
        case .decline(let code): outcome = .failed(MeshError(code))
        case .accept: return [.error(.unsupported, regarding: 0)]
        }
        return []
    }

    /// Asks, accepts or declines as soon as enough is known.
    func settle() -> [ControlMessage] {
        switch gate.next() {
        case .none: return []
        case .ask(let offer):
            let (context, events) = (context, desk.events)
            context.emit(.offered(offer))
            desk.asking { events.yield(.decided(await context.decide(offer))) }
            return []
        case .create:
            guard let id = gate.transfer else { return [] }
            let lookup = OfferLookup(context: context)
            desk.inJournal { .offer(try await lookup.create(id)) }
            return []
        case .decline(let id, let code, let error):
            outcome = .failed(
                error ?? MeshError(.refused, "the transfer was declined: answer y, or give --yes, to accept it"))
            return [.transfer(TransferControl(transfer: id, action: .decline(code)))]
        case .accept(let accepted): return [accept(accepted)]
        }
    }

    private func accept(_ accepted: AcceptedOffer) -> ControlMessage {
        context.emit(.accepted(accepted.record, isResumed: accepted.isResumed))
        let planner = ReceivePlanner(
            context: context, record: accepted.record, sink: accepted.sink, isLocal: accepted.isLocal)
        let now = NodeClock.monotonic
        let session = ReceiveSession(totals: accepted.record.totals, now: now)
        running = Running(record: accepted.record, sink: accepted.sink, planner: planner, session: session)
        syncer?.begin(accepted.record.id, accepted.sink)
        carry { $0.start(now: now) }
        let from = max(accepted.record.totals.entries, gate.heldEntries)
        for message in gate.takeHeld() { carry { $0.message(message, now: now) } }
        return .transfer(TransferControl(transfer: accepted.record.id, action: .accept(manifestFrom: from)))
    }

    // MARK: events

    /// With the first lane after none, what was said into the void is said again.
    func laneUp(_ name: LaneName) {
        let isOnly = lanes.count == 1
        carry { $0.laneOpened(isOnly: isOnly, now: NodeClock.monotonic) }
    }

    func laneRoom(_ name: LaneName) {}

    func laneLost(_ name: LaneName, wasLead: Bool) {
        carry { $0.laneLost(name, now: NodeClock.monotonic) }
    }

    func frames(_ frames: [InboundFrame], on lane: LaneName) {
        var chunks: [InboundChunk] = []
        do throws(WireError) {
            for frame in frames {
                switch frame {
                case .chunk(let chunk):
                    guard chunk.stream == lanes.stream else { throw .unknown("stream", UInt64(chunk.stream)) }
                    chunks.append(chunk)
                case .message(let stream, let payload):
                    guard stream == lanes.stream else { throw .unknown("stream", UInt64(stream)) }
                    try message(try DataMessage(reading: payload))
                case .acknowledgement, .handshake, .test: throw .invalid("frame of a receiver")
                }
            }
            guard chunks.isEmpty || running != nil else { throw .invalid("chunk before its transfer was accepted") }
        } catch {
            outcome = .failed(MeshError(error))
            return
        }
        if !chunks.isEmpty { carry { $0.arrived(chunks, on: lane, now: NodeClock.monotonic) } }
    }

    private func message(_ message: DataMessage) throws(WireError) {
        guard running != nil else {
            try gate.hold(message)
            return
        }
        carry { $0.message(message, now: NodeClock.monotonic) }
    }

    func handle(_ event: PeerEvent) {
        switch event {
        case .decided(let yes): gate.decided(yes)
        case .offer(let lookup): gate.looked(lookup)
        case .receive(let event): handle(event)
        default: break
        }
    }

    private func handle(_ event: ReceiveEvent) {
        let now = NodeClock.monotonic
        switch event {
        case .pageDecoded(let first, .success(let entries)):
            carry { $0.pageDecoded(first: first, entries, now: now) }
        case .pageDecoded(_, .failure(let error)): outcome = .failed(MeshError(error))
        case .pageKept(let withdrawn): carry { $0.pageKept(withdrawn: withdrawn, now: now) }
        case .planned(let entries, let next): carry { $0.planned(entries, next: next, now: now) }
        case .stored(let results, let released): carry { $0.stored(results, released: released, now: now) }
        case .partsMade(let parts): carry { $0.partsMade(parts, now: now) }
        case .committed: carry { $0.committed(now: now) }
        case .finished(let ended):
            context.emit(
                .ended(ended.compactMap { end in manifests.removeValue(forKey: end.number).map { ($0, end) } }))
            carry { $0.finished(ended, now: now) }
        case .diskFailed(let error):
            farewell = error.isFull ? .diskFull : .destination
            carry { $0.diskFailed(error, now: now) }
            outcome = .failed(MeshError(error))
        case .completed(let receipt, let skipped, let message):
            self.receipt = receipt
            carry { $0.completed(skipped: skipped, receipt: message) }
        }
    }

    func tick() { carry { $0.tick(now: NodeClock.monotonic) } }

    var progress: TransferSnapshot {
        guard let running else { return TransferSnapshot() }
        let counters = running.session.counters
        return TransferSnapshot(
            bytes: counters.bytes + counters.bytesResumed, totals: running.session.known,
            isCounting: running.session.isCounting,
            files: counters.files, counters: counters, receipt: receipt)
    }

    let closing: @Sendable () async -> Void = {}

    // MARK: instructions

    private func carry(_ event: (inout ReceiveSession) -> [ReceiveSession.Instruction]) {
        guard let instructions = running?.apply(event) else { return }
        for instruction in instructions { carryOut(instruction) }
    }

    private func carryOut(_ instruction: ReceiveSession.Instruction) {
        guard let running else { return }
        let (context, id) = (context, running.record.id)
        switch instruction {
        case .decodePage(let first, let count, let rawLength, let deflated):
            desk.onPool {
                let entries = Result { () throws(WireError) in
                    try ManifestPage.decode(count: count, rawLength: rawLength, deflated: deflated)
                }
                return .receive(.pageDecoded(first: first, entries))
            }
        case .keepPage(let entries):
            desk.inJournal {
                try await context.journal.append(entries, to: id)
                return .receive(.pageKept(withdrawn: entries.filter { $0.kind == .withdrawal }.map(\.size)))
            }
        case .send(let message): lanes.send(message)
        case .plan(let first, let limit):
            let planner = running.planner
            desk.inJournal { .receive(try await planner.plan(from: first, limit: limit)) }
        case .release(let name, let bytes): lanes[name]?.free(bytes: bytes)
        case .acknowledge(let numbers): lanes.acknowledge(numbers)
        case .done: outcome = .done
        case .fail(let code, let toPeer):
            if toPeer {
                lanes.send(.failed(code))
                farewell = farewell ?? code
            }
            if outcome == nil { outcome = .failed(MeshError(code)) }
        case .disconnect(let error):
            lanes.send(.failed(.protocolViolation))
            outcome = .failed(MeshError(error))
        case .store, .makeParts, .finish, .discard, .commit, .complete: work(instruction, running)
        }
    }

    /// What goes to the disk, and what makes it permanent.
    private func work(_ instruction: ReceiveSession.Instruction, _ running: Running) {
        let sink = running.sink
        switch instruction {
        case .store(let arrivals):
            let decoders = running.decoders
            desk.onPool {
                var released: [LaneName: Int] = [:]
                for arrival in arrivals { released[arrival.lane, default: 0] += arrival.chunk.cost }
                return .receive(.stored(decoders.store(arrivals, sink: sink), released: released))
            }
        case .makeParts(let entries): desk.onPool { .receive(FinishJob.makeParts(entries, sink: sink)) }
        case .finish(let entries):
            for entry in entries { manifests[entry.number] = entry }
            let rule = context.options.onConflict
            desk.onPool { .receive(FinishJob.finish(entries, rule: rule, sink: sink)) }
        case .discard(let entry): desk.onPool { .receive(FinishJob.discard(entry, sink: sink)) }
        case .commit(let group): commit(group, running)
        case .complete:
            let completion = ReceiveCompletion(context: context, record: running.record, sink: sink)
            desk.inJournal { .receive(try await completion.run()) }
        default: break
        }
    }

    private func commit(_ group: CommitGroup, _ running: Running) {
        let (context, syncer, sink, id) = (context, syncer, running.sink, running.record.id)
        let time = NodeClock.wall
        desk.inJournal {
            if context.options.fsync { try await context.blocking { try sink.syncAll() } }
            try await context.journal.commit(group.stamped(time), to: id)
            if context.options.fsync {
                try await context.journal.markDurable(group, of: id)
            } else {
                syncer?.note(group)
            }
            return .receive(.committed)
        }
    }
}

/// Jobs of the pool that give files their names or take parts away.
enum FinishJob {
    static func finish(_ entries: [ReceivedEntry], rule: ConflictRule, sink: some ChunkSink) -> ReceiveEvent {
        do throws(DiskError) {
            var ended: [EndedEntry] = []
            for entry in entries { ended.append(try sink.finish(entry, rule: rule)) }
            return .finished(ended)
        } catch {
            return .diskFailed(error)
        }
    }

    static func makeParts(_ entries: [ReceivedEntry], sink: some ChunkSink) -> ReceiveEvent {
        do throws(DiskError) {
            var parts: [UInt64: PartIdentity] = [:]
            for entry in entries { parts[entry.number] = try sink.write(entry, offset: 0, length: 0, slices: []) }
            return .partsMade(parts)
        } catch {
            return .diskFailed(error)
        }
    }

    /// A part that cannot be removed is litter, not a failure.
    static func discard(_ entry: ReceivedEntry, sink: some ChunkSink) -> ReceiveEvent {
        try? sink.discardPart(entry)
        return .partsMade([:])
    }
}

extension CommitGroup {
    /// The session knows no wall clock: its records get their time where they are kept.
    func stamped(_ time: Int64) -> CommitGroup {
        var group = self
        for index in group.retries.indices { group.retries[index].time = time }
        return group
    }
}

extension Journal {
    /// Everything a group holds has reached the disk.
    func markDurable(_ group: CommitGroup, of id: TransferID) async throws {
        let chunks = NumberSet(group.chunks.map { $0.number..<$0.number + 1 })
        let entries = group.ended.filter { $0.state == .finished }.map(\.number)
        try await markDurable(chunks: chunks, entries: entries, of: id)
    }
}
