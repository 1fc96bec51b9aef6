import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTransport
import MeshTrust
import MeshWire

/// Carries out what `SendDriver` says: pages from the journal, chunks from the disk, batches to lanes.
final class SendShell: TransferShell {
    private let context: SendContext
    private let queue: WorkQueue
    private let lanes: LaneSet
    private let say: ControlVoice
    private let encoders: EncoderPool
    /// By this name the manifest's writer knows this session.
    private let listener: Bytes16
    private var driver: SendDriver
    private(set) var end: TransferEnd?

    init(_ context: SendContext, queue: WorkQueue, lanes: LaneSet, say: ControlVoice) {
        self.context = context
        self.queue = queue
        self.lanes = lanes
        self.say = say
        encoders = EncoderPool(stream: lanes.stream)
        listener = context.node.identifier()
        driver = SendDriver(
            context.record.id, stream: lanes.stream, compression: context.compression,
            isPiped: context.source.isPiped, verdict: context.verdict)
    }

    var transfer: TransferID? { context.record.id }
    var isUnderWay: Bool { driver.isUnderWay }
    var isReceiptStored: Bool { driver.isReceiptStored }
    var reason: MeshError? { end.flatMap { MeshError($0) } }
    /// What was read of a pipe ends with this process.
    var interruption: FailureCode { context.source.isPiped ? .pipeLost : context.fault.code ?? .leaving }

    var progress: TransferSnapshot {
        TransferSnapshot(
            bytes: driver.counters.bytes, totals: driver.totals, isCounting: driver.isCounting,
            files: driver.counters.files, counters: driver.counters, receipt: driver.receipt,
            waitsForInput: driver.waitsForInput)
    }

    /// Follows the manifest as it grows.
    func begin() {
        queue.inJournal { [journal = context.journal, peer = context.peer.nodeID, id = context.record.id] in
            try await journal.setPeer(peer, of: id)
            return nil
        }
        queue.asking { [manifest = context.manifest, events = queue.events, listener] in
            await manifest.listen(listener) { events.yield(.transfer(.send($0))) }
        }
    }

    var closing: @Sendable () async -> Void {
        { [manifest = context.manifest, listener] in await manifest.ignore(listener) }
    }

    // MARK: events

    func channelOpened() { carryOut(driver.channelOpened()) }
    func relinked() { carryOut(driver.relinked()) }
    func control(_ message: TransferControl) { carryOut(driver.heard(message)) }
    func laneUp(_ name: LaneName) { laneRoom(name) }

    func laneRoom(_ name: LaneName) {
        guard let room = room(of: name) else { return }
        carryOut(driver.lane(name, room: room))
    }

    private func room(of name: LaneName) -> SendSession.LaneRoom? {
        guard lanes.names.contains(name), let lane = lanes[name] else { return nil }
        let (queued, credit) = lane.room
        return SendSession.LaneRoom(queued: queued, credit: credit, share: lane.networkShare)
    }

    func laneDrains(_ name: LaneName) { carryOut(driver.laneDrains(name)) }
    func laneLost(_ name: LaneName, wasLead: Bool) { carryOut(driver.laneLost(name, wasLead: wasLead)) }
    func frames(_ frames: [InboundFrame], on lane: LaneName) { carryOut(driver.frames(frames)) }

    func handle(_ event: ShellEvent) {
        guard case .send(let event) = event else { return }
        let steps = driver.handle(event) { lanes.names.compactMap { name in room(of: name).map { (name, $0) } } }
        carryOut(steps)
    }

    func tick() {}
    func failed(_ error: any Error, as code: FailureCode) { carryOut(driver.failed(error, as: code)) }
    func left() { carryOut(driver.left()) }

    // MARK: steps

    private func carryOut(_ steps: [SendDriver.Step]) {
        for step in steps { carryOut(step) }
    }

    private func carryOut(_ step: SendDriver.Step) {
        switch step {
        case .message(let message): lanes.send(message)
        case .transmit(let name, let frames): lanes[name]?.send(chunks: [frames])
        case .say(let message): say.yield(message)
        case .encode(let job): encode(job)
        case .journal(let job): inJournal(job)
        case .release(let entries): for entry in entries { context.source.release(entry) }
        case .report(let news): context.emit(news)
        case .ended(let end): self.end = end
        }
    }

    private func encode(_ job: SendSession.EncodeJob) {
        queue.onPool { [encoders, source = context.source] in
            let (batch, failed) = encoders.encode(job, source: source)
            return .transfer(.send(.encoded(job.id, batch, failed: failed)))
        }
    }

    private func inJournal(_ job: SendDriver.Job) {
        queue.inJournal { [context] in
            let event = try await context.work.run(
                job, manifest: context.manifest, check: context.receiptCheck, at: NodeClock.wall)
            return .transfer(.send(event))
        }
    }
}
