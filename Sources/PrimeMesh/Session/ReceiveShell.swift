import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTransport
import MeshTrust
import MeshWire

/// Carries out what `ReceiveDriver` says: chunks to the disk, rows to the journal, answers to lanes and link.
final class ReceiveShell: TransferShell {
    private let context: ReceiveContext
    private let queue: WorkQueue
    private let lanes: LaneSet
    private let say: ControlVoice
    private let syncer: BackgroundSyncer?
    private let decoders = DecoderPool()
    private var driver: ReceiveDriver
    /// What was last found of the offer, with what its acceptance needs or the words of its refusal.
    private var standing = OfferStanding.fresh
    /// Once the offer was accepted.
    private var work: ReceiveWork?
    private(set) var end: TransferEnd?

    init(
        _ context: ReceiveContext, queue: WorkQueue, lanes: LaneSet, say: ControlVoice, syncer: BackgroundSyncer?
    ) {
        self.context = context
        self.queue = queue
        self.lanes = lanes
        self.say = say
        self.syncer = syncer
        driver = ReceiveDriver(stream: lanes.stream)
    }

    var transfer: TransferID? { driver.isUnderWay ? driver.transfer : nil }
    var isUnderWay: Bool { driver.isUnderWay }
    var isReceiptStored: Bool { driver.isReceiptStored }
    var interruption: FailureCode { .leaving }
    let closing: @Sendable () async -> Void = {}

    var reason: MeshError? {
        switch end {
        case nil: return nil
        case .failed(let code, nil):
            if case .refused(code, let reason) = standing { return reason }
            guard code == .declined else { return MeshError(code) }
            return MeshError(.refused, "the transfer was declined: answer y, or give --yes, to accept it")
        case .failed(_, let error as DiskError) where context.output != nil: return .lostOutput(error)
        case .some(let end): return MeshError(end)
        }
    }

    var progress: TransferSnapshot {
        guard driver.isUnderWay else { return TransferSnapshot() }
        let counters = driver.counters
        return TransferSnapshot(
            bytes: counters.bytes + counters.bytesResumed, totals: driver.known, isCounting: driver.isCounting,
            files: counters.files + counters.filesResumed, counters: counters, receipt: driver.receipt,
            waitsForInput: lanes.count > 0 && driver.waitsForInput)
    }

    // MARK: events

    func channelOpened() {}
    func relinked() {}
    func control(_ message: TransferControl) { carryOut(driver.heard(message, now: NodeClock.monotonic)) }

    func laneUp(_ name: LaneName) {
        carryOut(driver.laneOpened(isOnly: lanes.count == 1, now: NodeClock.monotonic))
    }

    func laneRoom(_ name: LaneName) {}
    func laneDrains(_ name: LaneName) {}

    func laneLost(_ name: LaneName, wasLead: Bool) { carryOut(driver.laneLost(name, now: NodeClock.monotonic)) }

    func frames(_ frames: [InboundFrame], on lane: LaneName) {
        carryOut(driver.frames(frames, on: lane, now: NodeClock.monotonic))
    }

    func handle(_ event: ShellEvent) {
        let now = NodeClock.monotonic
        switch event {
        case .decided(let yes): carryOut(driver.decided(yes, now: now))
        case .offer(let found): looked(found, now: now)
        case .receive(let event): carryOut(driver.handle(event, now: now))
        case .send: break
        }
    }

    func tick() { carryOut(driver.tick(now: NodeClock.monotonic)) }
    func failed(_ error: any Error, as code: FailureCode) { carryOut(driver.failed(error, as: code)) }
    func left() { carryOut(driver.left()) }

    private func looked(_ found: OfferStanding, now: UInt64) {
        standing = found
        switch found {
        case .fresh: carryOut(driver.looked(.fresh, now: now))
        case .refused(let code, _): carryOut(driver.looked(.refused(code), now: now))
        case .accepted(let accepted):
            work = context.work(accepted)
            syncer?.begin(accepted.record.id, accepted.sink)
            carryOut(driver.looked(.known(context.basis(accepted)), now: now))
            context.output?.listen { [events = queue.events] in events.yield(.transfer(.receive($0))) }
        }
    }

    // MARK: steps

    private func carryOut(_ steps: [ReceiveDriver.Step]) {
        for step in steps { carryOut(step) }
    }

    private func carryOut(_ step: ReceiveDriver.Step) {
        switch step {
        case .message(let message): lanes.send(message)
        case .acknowledge(let numbers): lanes.acknowledge(numbers)
        case .free(let name, let bytes): lanes[name]?.free(bytes: bytes)
        case .say(let message): say.yield(message)
        case .pool(let job): onPool(job)
        case .journal(let job): inJournal(job)
        case .lookUp(let sums): lookUp(sums)
        case .ask(let offered): ask(offered)
        case .create(let sums, let isPiped): create(sums, isPiped: isPiped)
        case .report(let news): context.emit(news)
        case .ended(let end): self.end = end
        }
    }

    private func lookUp(_ sums: TransferSums) {
        guard let id = driver.transfer else { return }
        queue.inJournal { [lookup = OfferLookup(context: context)] in
            .transfer(.offer(try await lookup.look(up: id, sums)))
        }
    }

    private func create(_ sums: TransferSums, isPiped: Bool) {
        guard let id = driver.transfer else { return }
        queue.inJournal { [lookup = OfferLookup(context: context)] in
            .transfer(.offer(try await lookup.create(id, sums, isPiped: isPiped)))
        }
    }

    private func ask(_ offered: OfferedTransfer) {
        let shown = Offer(
            transfer: offered.transfer, sender: context.peer.nodeID, senderName: context.peerName, names: offered.names,
            files: offered.sums.files, bytes: offered.sums.bytes, isCounting: offered.isCounting,
            isPiped: offered.isPiped)
        queue.asking { [context, events = queue.events] in
            events.yield(.transfer(.decided(await context.decide(shown))))
        }
    }

    private func onPool(_ job: ReceiveDriver.PoolJob) {
        guard let work else { return }
        queue.onPool { [decoders] in .transfer(.receive(work.run(job, with: decoders))) }
    }

    private func inJournal(_ job: ReceiveDriver.JournalJob) {
        guard let work else { return }
        queue.inJournal { [syncer, completion = context.completion(work.ports), time = NodeClock.wall] in
            let event = try await work.run(job, completion: completion, at: time)
            if case .commit(let group) = job { syncer?.note(group) }
            return .transfer(.receive(event))
        }
    }
}
