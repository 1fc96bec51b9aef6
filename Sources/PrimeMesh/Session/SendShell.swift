import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTransport
import MeshTrust
import MeshWire
import NIOCore

/// Carries out what `SendSession` says: pages from the journal, chunks from the disk, batches to lanes.
final class SendShell: TransferShell {
    private let record: TransferRecord
    private let context: SendContext
    private let desk: JobDesk
    private let lanes: LaneSet
    private let encoders: EncoderPool
    private let work: SendWork
    private var session: SendSession
    private var totals = ManifestTotals()
    private var isComplete = false
    /// Files whose length is not known yet.
    private var openFiles: Set<UInt64> = []
    private var isCounting: Bool { !isComplete || !openFiles.isEmpty }
    private var isOffered = false
    private let listener: Bytes16
    private var keptReceipt: Receipt?
    private(set) var outcome: PeerOutcome?
    private(set) var farewell: FailureCode?
    private(set) var isSettled = false
    private(set) var isUnderWay = false

    var transfer: TransferID? { record.id }

    init(_ context: SendContext, desk: JobDesk, lanes: LaneSet) {
        self.context = context
        record = context.record
        self.desk = desk
        self.lanes = lanes
        encoders = EncoderPool(stream: lanes.stream)
        work = context.work
        listener = context.node.identifier()
        session = SendSession(compression: context.compression)
    }

    /// Follows the manifest as it grows.
    func begin() {
        let (journal, peer, id) = (context.journal, context.peer.nodeID, record.id)
        desk.inJournal {
            try await journal.setPeer(peer, of: id)
            return nil
        }
        let (manifest, events) = (context.manifest, desk.events)
        let listener = listener
        desk.asking {
            await manifest.listen(listener) { events.yield(.transfer(.send($0))) }
        }
    }

    var closing: @Sendable () async -> Void {
        let (manifest, listener) = (context.manifest, listener)
        return { await manifest.ignore(listener) }
    }

    func settle() -> [ControlMessage] { [] }

    // MARK: events

    func channelOpened() -> [ControlMessage] {
        guard !isOffered else { return [] }
        isOffered = true
        if let verdict = context.verdict {
            farewell = verdict
            outcome = .failed(MeshError(verdict))
            return []
        }
        // Pages may flow before the receiver has decided: names and sums are what it decides on.
        carryOut(session.accepted(from: 0))
        let sums = TransferSums(
            entries: totals.entries, files: totals.files, bytes: totals.bytes, allocated: totals.allocated)
        context.emit(.offered(sums, isCounting: isCounting))
        let offer = TransferControl.Action.offer(
            stream: lanes.stream, sums: sums, counting: isCounting, piped: context.source.isPiped)
        return [.transfer(TransferControl(transfer: record.id, action: offer))]
    }

    func control(_ message: TransferControl) -> [ControlMessage] {
        switch message.action {
        case .accept(let from):
            isUnderWay = true
            context.emit(.accepted)
            carryOut(session.accepted(from: from))
        case .decline(let code): outcome = .failed(MeshError(code))
        case .cancel: outcome = .failed(MeshError(.cancelled))
        case .pause: outcome = .failed(MeshError(.paused))
        case .offer: return [.error(.unsupported, regarding: 0)]
        }
        return []
    }

    func laneUp(_ name: LaneName) { laneRoom(name) }

    func laneRoom(_ name: LaneName) {
        guard let room = room(of: name) else { return }
        carryOut(session.lane(name, room: room))
    }

    private func room(of name: LaneName) -> SendSession.LaneRoom? {
        guard lanes.names.contains(name), let lane = lanes[name] else { return nil }
        let (queued, credit) = lane.room
        return SendSession.LaneRoom(queued: queued, credit: credit, share: lane.networkShare)
    }

    func laneDrains(_ name: LaneName) { carryOut(session.laneDrains(name)) }

    func laneLost(_ name: LaneName, wasLead: Bool) { carryOut(session.laneLost(name, wasLead: wasLead)) }

    func frames(_ frames: [InboundFrame], on lane: LaneName) {
        // What follows a breach, or comes while the last words leave, changes nothing.
        guard outcome == nil else { return }
        for frame in frames {
            do throws(WireError) {
                switch frame {
                case .message(let stream, let payload):
                    guard stream == lanes.stream else { throw .unknown("stream", UInt64(stream)) }
                    carryOut(session.message(try DataMessage(reading: payload)))
                case .acknowledgement(let stream, var payload):
                    guard stream == lanes.stream else { throw .unknown("stream", UInt64(stream)) }
                    let numbers = try payload.wireNumbers("acknowledged chunk", bound: Limits.chunks)
                    try payload.wireEnd("acknowledgement")
                    carryOut(session.acknowledged(numbers))
                case .chunk, .handshake, .test: throw .invalid("frame of a sender")
                }
            } catch {
                return breach(MeshError(error))
            }
        }
    }

    /// The peer broke a rule: it is told so, and the transfer ends here.
    private func breach(_ error: MeshError) {
        guard outcome == nil else { return }
        lanes.send(.failed(.protocolViolation))
        farewell = .protocolViolation
        outcome = .failed(error)
    }

    func handle(_ event: ShellEvent) {
        switch event {
        case .send(let event): handle(event)
        case .settled: outcome = .done
        case .receive, .offer, .decided: break
        }
    }

    private func handle(_ event: SendEvent) {
        switch event {
        case .manifestGrew(let totals, let isComplete):
            self.totals = totals
            self.isComplete = isComplete
        case .openGrew(let file):
            if file.source.manifest.isOpen {
                openFiles.insert(file.source.number)
            } else {
                openFiles.remove(file.source.number)
            }
        case .openLost(let entry): openFiles.remove(entry.number)
        case .encoded(_, _, let failed):
            // What is gone of a file of open length was perhaps acknowledged meanwhile: the session knows.
            for (entry, error) in failed where entry.manifest.room == 0 { context.emit(.warning(entry, error)) }
            session.look(at: lanes.names.compactMap { name in room(of: name).map { (name, $0) } })
        case .receiptChecked(.proven(let receipt)): keptReceipt = receipt
        case .receiptChecked, .page, .loaded, .recorded, .kept, .sealsChecked: break
        }
        carryOut(session.handle(event))
    }

    func tick() {}

    /// What was read of a pipe ends with this process.
    var interruption: FailureCode { context.source.isPiped ? .pipeLost : context.fault.code ?? .leaving }

    var progress: TransferSnapshot {
        TransferSnapshot(
            bytes: session.counters.bytes, totals: totals, isCounting: isCounting, files: session.counters.files,
            counters: session.counters, receipt: keptReceipt,
            waitsForInput: !openFiles.isEmpty && !session.hasWork)
    }

    // MARK: instructions

    private func carryOut(_ instructions: [SendSession.Instruction]) {
        for instruction in instructions { carryOut(instruction) }
    }

    private func carryOut(_ instruction: SendSession.Instruction) {
        let work = work
        switch instruction {
        case .sendPage(let from): inJournal { try await work.page(from: from) }
        case .send(let message): lanes.send(message)
        case .load(let chunk): inJournal { try await work.load(holding: chunk) }
        case .encode(let job):
            let encoders = encoders
            desk.onPool {
                let (batch, failed) = encoders.encode(job, source: work.source)
                return .transfer(.send(.encoded(job.id, batch, failed: failed)))
            }
        case .transmit(let name, let frames): lanes[name]?.send(chunks: [frames])
        case .seal(let entries, let fresh): seal(entries, fresh: fresh)
        case .checkSeals(let numbers): inJournal { try await work.checkSeals(numbers) }
        case .record(let records):
            inJournal { try await work.record(records) }
        case .keep(let there): inJournal { try await work.keep(there) }
        case .stop(let file):
            openFiles.remove(file.number)
            context.source.release(file)
        case .withdraw(let entries, let again): withdraw(entries, again: again)
        case .checkReceipt(let body, let signature, let skipped):
            checkReceipt(ReceiptRecord(body: body, signature: signature, publicKey: context.peer.publicKeyDER), skipped)
        case .complete:
            // The check kept the receipt; what is left is that the answer leaves.
            isSettled = true
            desk.events.yield(.transfer(.settled))
        case .fail(.protocolViolation, toPeer: true):
            breach(
                MeshError(
                    .other,
                    "the receiver named chunks or entries that it was never offered, and was disconnected: update pmesh on both machines"
                ))
        case .fail(let code, let toPeer):
            if toPeer {
                lanes.send(.failed(code))
                farewell = farewell ?? code
            }
            outcome = .failed(MeshError(code))
        }
    }

    private func seal(_ entries: [SourceEntry], fresh: [SourceEntry]) {
        let numbers = NumberSet(numbers: entries.lazy.map(\.number))
        for piece in numbers.pieces(of: Limits.ranges) { lanes.send(.sealed(entries: piece)) }
        let source = context.source
        for entry in entries { source.release(entry) }
        if !fresh.isEmpty { context.emit(.sealed(fresh)) }
    }

    private func withdraw(_ entries: [SourceEntry], again: Bool) {
        let (context, work) = (context, work)
        for entry in entries { openFiles.remove(entry.number) }
        desk.inJournal {
            let changed = try await work.withdrawal(of: entries, again: again)
            try await context.manifest.amend(changed.amended)
            if again {
                let time = NodeClock.wall
                let retries = entries.map { RetryRecord(subject: .entry($0.number), reason: "changed", time: time) }
                try await work.journal.record(retries, of: work.transfer)
            }
            // What was read of a pipe is gone, and can be read no more.
            if context.source.isPiped, !changed.lost.isEmpty { throw MeshError(.pipeLost) }
            if !changed.lost.isEmpty { context.emit(.gaveUp(changed.lost)) }
            return nil
        }
    }

    private func checkReceipt(_ receipt: ReceiptRecord, _ skipped: [SkipReason: NumberSet]) {
        let (check, time) = (context.receiptCheck, NodeClock.wall)
        inJournal { try await check.run(receipt, skipped: skipped, at: time) }
    }

    /// What is asked of the journal, in the order in which it was kept.
    private func inJournal(_ job: @escaping @Sendable () async throws -> SendEvent) {
        desk.inJournal { .transfer(.send(try await job())) }
    }
}
