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
        let work: ReceiveWork
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
    private var offer = IncomingOffer()
    /// What was last found of it, with what its acceptance needs or the words of its refusal.
    private var standing = OfferStanding.fresh
    private var running: Running?
    private var manifests: [UInt64: ReceivedEntry] = [:]
    private(set) var receipt: Receipt?
    private(set) var outcome: PeerOutcome?
    private(set) var farewell: FailureCode?
    /// The disk's own words on what failed; they tell more than the code that the peer gets.
    private var failure: MeshError?
    var isSettled: Bool { receipt != nil }
    var isUnderWay: Bool { running != nil }

    var transfer: TransferID? { running?.record.id }

    init(_ context: ReceiveContext, desk: JobDesk, lanes: LaneSet, syncer: BackgroundSyncer?) {
        self.context = context
        self.desk = desk
        self.lanes = lanes
        self.syncer = syncer
    }

    func channelOpened() -> [ControlMessage] { [] }

    // MARK: the offer

    func control(_ message: TransferControl) -> [ControlMessage] {
        switch message.action {
        case .offer(let stream, let sums, let counting, let piped):
            guard stream == lanes.stream,
                offer.offered(message.transfer, sums, counting: counting, piped: piped)
            else { return [.error(.unsupported, regarding: 0)] }
            let (lookup, id) = (OfferLookup(context: context), message.transfer)
            desk.inJournal { .transfer(.offer(try await lookup.look(up: id, sums))) }
        case .cancel: outcome = .failed(MeshError(.cancelled))
        case .pause: outcome = .failed(MeshError(.paused))
        case .decline(let code): outcome = .failed(MeshError(code))
        case .accept: return [.error(.unsupported, regarding: 0)]
        }
        return []
    }

    /// Asks, accepts or declines as soon as enough is known.
    func settle() -> [ControlMessage] {
        guard outcome == nil else { return [] }
        switch offer.next() {
        case .none: return []
        case .ask(let names): ask(names)
        case .create: create()
        case .accept:
            if case .accepted(let accepted) = standing { return [accept(accepted)] }
        case .decline(let code): return decline(code)
        }
        return []
    }

    private func ask(_ names: [String]) {
        guard let id = offer.transfer, let sums = offer.sums else { return }
        let shown = Offer(
            transfer: id, sender: context.peer.nodeID, senderName: context.peerName, names: names, files: sums.files,
            bytes: sums.bytes, isCounting: offer.isCounting, isPiped: offer.isPiped)
        context.emit(.offered(shown))
        desk.asking { [context, events = desk.events] in
            events.yield(.transfer(.decided(await context.decide(shown))))
        }
    }

    private func create() {
        guard let id = offer.transfer, let sums = offer.sums else { return }
        desk.inJournal { [lookup = OfferLookup(context: context), isPiped = offer.isPiped] in
            .transfer(.offer(try await lookup.create(id, sums, isPiped: isPiped)))
        }
    }

    private func decline(_ code: FailureCode) -> [ControlMessage] {
        var error = MeshError(.refused, "the transfer was declined: answer y, or give --yes, to accept it")
        if case .refused(_, let reason) = standing { error = reason }
        outcome = .failed(error)
        guard let id = offer.transfer else { return [] }
        return [.transfer(TransferControl(transfer: id, action: .decline(code)))]
    }

    private func accept(_ accepted: AcceptedOffer) -> ControlMessage {
        context.emit(.accepted(accepted.record, isResumed: accepted.isResumed))
        let work = ReceiveWork(
            ReceivePorts(
                transfer: accepted.record.id, journal: context.journal, sink: accepted.sink, pool: context.node,
                rules: context.options.rules, isLocal: accepted.isLocal, keepsInodes: accepted.keepsInodes,
                isSettled: accepted.record.state.isSettled))
        let now = NodeClock.monotonic
        let passage = context.output.map { OrderedPassage(ahead: ReceiveOutput.ahead, passed: $0.written) }
        let session = ReceiveSession(
            totals: accepted.record.totals, promise: offer.promise(known: accepted.record.totals),
            isRoomDoubtful: accepted.isRoomDoubtful,
            triesNames: !accepted.keepsInodes, passage: passage, now: now)
        running = Running(record: accepted.record, work: work, session: session)
        syncer?.begin(accepted.record.id, accepted.sink)
        carry { $0.start(now: now) }
        let from = max(accepted.record.totals.entries, offer.heldEntries)
        for message in offer.takeHeld() { carry { $0.message(message, now: now) } }
        let events = desk.events
        context.output?.listen { events.yield(.transfer(.receive($0))) }
        return .transfer(TransferControl(transfer: accepted.record.id, action: .accept(manifestFrom: from)))
    }

    // MARK: events

    /// With the first lane after none, what was said into the void is said again.
    func laneUp(_ name: LaneName) {
        let isOnly = lanes.count == 1
        carry { $0.laneOpened(isOnly: isOnly, now: NodeClock.monotonic) }
    }

    func laneRoom(_ name: LaneName) {}
    func laneDrains(_ name: LaneName) {}

    func laneLost(_ name: LaneName, wasLead: Bool) {
        carry { $0.laneLost(name, now: NodeClock.monotonic) }
    }

    func frames(_ frames: [InboundFrame], on lane: LaneName) {
        // What follows a breach, or comes while the last words leave, changes nothing.
        guard outcome == nil else { return }
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
            return breach(error)
        }
        if !chunks.isEmpty { carry { $0.arrived(chunks, on: lane, now: NodeClock.monotonic) } }
    }

    /// The peer broke a rule: it is told so, and the transfer ends here.
    private func breach(_ error: WireError) {
        guard outcome == nil else { return }
        lanes.send(.failed(.protocolViolation))
        farewell = .protocolViolation
        outcome = .failed(MeshError(error))
    }

    private func message(_ message: DataMessage) throws(WireError) {
        guard running != nil else {
            try offer.hold(message)
            return
        }
        carry { $0.message(message, now: NodeClock.monotonic) }
    }

    func handle(_ event: ShellEvent) {
        switch event {
        case .decided(let yes): offer.decided(yes)
        case .offer(let found):
            standing = found
            offer.looked(found.plain)
        case .receive(let event): handle(event)
        case .send, .settled: break
        }
    }

    private func handle(_ event: ReceiveEvent) {
        switch event {
        case .finished(let ended):
            context.emit(
                .ended(ended.compactMap { end in manifests.removeValue(forKey: end.number).map { ($0, end) } }))
        case .diskFailed(let error):
            farewell = error.isFull ? .diskFull : .destination
            failure = context.output == nil ? MeshError(error) : .lostOutput(error)
        case .completed(let receipt, _, _): self.receipt = receipt
        case .stored(let results, _):
            failure = failure ?? results.lazy.compactMap(\.outcome.error).first.map { MeshError($0) }
        case .pageDecoded, .pageKept, .roomIsThere, .planned, .partsMade, .passedOn, .committed: break
        }
        carry { $0.handle(event, now: NodeClock.monotonic) }
        // What the disk said of a file that was taken back meanwhile is no reason for anything else.
        if outcome == nil { failure = nil }
    }

    var interruption: FailureCode { .leaving }

    func tick() { carry { $0.tick(now: NodeClock.monotonic) } }

    var progress: TransferSnapshot {
        guard let running else { return TransferSnapshot() }
        let counters = running.session.counters
        return TransferSnapshot(
            bytes: counters.bytes + counters.bytesResumed, totals: running.session.known,
            isCounting: running.session.isCounting,
            files: counters.files + counters.filesResumed, counters: counters, receipt: receipt,
            waitsForInput: lanes.count > 0 && running.session.waitsForInput)
    }

    let closing: @Sendable () async -> Void = {}

    // MARK: instructions

    private func carry(_ event: (inout ReceiveSession) -> [ReceiveSession.Instruction]) {
        guard let instructions = running?.apply(event) else { return }
        for instruction in instructions { carryOut(instruction) }
    }

    private func carryOut(_ instruction: ReceiveSession.Instruction) {
        guard let running else { return }
        let work = running.work
        switch instruction {
        case .send(let message): lanes.send(message)
        case .release(let name, let bytes): lanes[name]?.free(bytes: bytes)
        case .acknowledge(let numbers): lanes.acknowledge(numbers)
        case .done: outcome = .done
        case .fail(let code, let toPeer): fail(code, toPeer: toPeer)
        case .disconnect(let error): breach(error)
        case .decodePage(let first, let count, let rawLength, let deflated):
            onPool { ReceiveWork.decodePage(first: first, count: count, rawLength: rawLength, deflated: deflated) }
        case .store(let arrivals):
            let decoders = running.decoders
            onPool { decoders.with { work.store(arrivals, with: &$0) } }
        case .makeParts(let entries): onPool { work.makeParts(entries) }
        case .finish(let entries):
            for entry in entries { manifests[entry.number] = entry }
            onPool { work.finish(entries) }
        case .discard(let entry): onPool { work.discard(entry) }
        case .keepPage(let entries): inJournal { try await work.keepPage(entries) }
        case .reckonRoom: inJournal { try await work.reckonRoom() }
        case .plan(let first, let limit): inJournal { try await work.plan(from: first, limit: limit) }
        case .commit(let group): commit(group, work)
        case .complete:
            let (completion, time) = (context.completion(work.ports), NodeClock.wall)
            inJournal { try await completion.run(at: time) }
        }
    }

    private func fail(_ code: FailureCode, toPeer: Bool) {
        if toPeer {
            lanes.send(.failed(code))
            farewell = farewell ?? code
        }
        outcome = outcome ?? .failed(failure ?? MeshError(code))
    }

    private func commit(_ group: CommitGroup, _ work: ReceiveWork) {
        let (syncer, time) = (syncer, NodeClock.wall)
        inJournal {
            let event = try await work.commit(group, at: time)
            syncer?.note(group)
            return event
        }
    }

    /// What works on the disk or with the processor.
    private func onPool(_ job: @escaping @Sendable () -> ReceiveEvent) { desk.onPool { .transfer(.receive(job())) } }

    /// What is kept, and what is asked of what was kept.
    private func inJournal(_ job: @escaping @Sendable () async throws -> ReceiveEvent) {
        desk.inJournal { .transfer(.receive(try await job())) }
    }
}
