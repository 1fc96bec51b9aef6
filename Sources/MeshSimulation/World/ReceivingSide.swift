import MeshTransfer
import MeshWire

/// Carries out what a `ReceiveDriver` says, for one link's time, and looks at what becomes of it.
final class ReceivingSide {
    private let node: SimulatedNode
    private let course: Course
    private let sender: NodeID
    private let now: () -> UInt64
    private let witness: Witness
    private var driver = ReceiveDriver(stream: 1)
    private var work: ReceiveWork?
    private var queue = SyncQueue()
    /// Bytes of chunk frames that are held until they are stored, by lane.
    private(set) var holding: [LaneName: UInt64] = [:]
    var jobs = JobQueue()
    private var output: [SideOutput] = []
    private(set) var end: TransferEnd?
    /// An error that no run should meet.
    private(set) var violation: String?

    init(_ node: SimulatedNode, course: Course, sender: NodeID, witness: Witness, now: @escaping () -> UInt64) {
        self.node = node
        self.course = course
        self.sender = sender
        self.witness = witness
        self.now = now
    }

    /// The receipt is kept: nothing can take the transfer away any more.
    var isReceiptStored: Bool { driver.isReceiptStored }
    /// The session lives and has not come to its end.
    var isUnderWay: Bool { driver.isUnderWay && !isReceiptStored && end == nil && violation == nil }
    var isWithinBounds: Bool { driver.isWithinBounds }

    func takeOutput() -> [SideOutput] {
        defer { output = [] }
        return output
    }

    // MARK: events

    func hear(_ event: (inout ReceiveDriver, UInt64) -> [ReceiveDriver.Step]) {
        let steps = event(&driver, now())
        for step in steps { carryOut(step) }
    }

    private func handle(_ event: ReceiveEvent) {
        if case .diskFailed(let error) = event { witness.trace("receiver's disk: \(error)") }
        if case .stored(let results, _) = event {
            for case .failed(let error) in results.map(\.outcome) { witness.trace("receiver's disk: \(error)") }
        }
        hear { $0.handle(event, now: $1) }
    }

    /// A job failed: the transfer ends here, resumable.
    func failed(_ error: any Error) {
        witness.trace("receiver's job: \(error)")
        // The dead say nothing.
        guard !(error is ProcessKilled) else { return }
        guard let code = FailureCode(simulated: error) else {
            violation = violation ?? "receiver's job: \(error)"
            return
        }
        hear { driver, _ in driver.failed(error, as: code) }
    }

    // MARK: steps

    private func carryOut(_ step: ReceiveDriver.Step) {
        switch step {
        case .message(let message):
            if case .want(let chunks, _) = message { witness.wanted(chunks, course) }
            output.append(.message(message))
        case .acknowledge(let numbers):
            witness.acknowledged(numbers, course)
            output.append(.acknowledgement(numbers))
        case .free(let lane, let bytes): output.append(.free(lane, bytes))
        case .say(let message): output.append(.say(message))
        case .pool(let job): onPool(job)
        case .journal(let job): inJournal(job)
        case .lookUp: lookUp()
        case .ask: decide()
        case .create: create()
        case .report(.accepted): break
        case .report(.ended(let entries)): witness.finished(entries.map(\.end), course)
        case .ended(let end): self.end = end
        }
    }

    // MARK: the offer

    private func lookUp() {
        jobs.inJournal { [unowned self] in
            let record = try node.journal.transfer(course.transfer)
            return { self.looked(record) }
        }
    }

    private func looked(_ record: TransferRecord?) {
        guard let record else { return hear { $0.looked(.fresh, now: $1) } }
        work = ReceiveWork(
            ReceivePorts(
                transfer: record.id, journal: node.journal, sink: node.disk, pool: InlinePool(), rules: course.rules,
                isLocal: true, keepsInodes: course.keepsInodes, isSettled: record.state.isSettled))
        let basis = ReceiveDriver.Basis(
            totals: record.totals, isRoomDoubtful: course.isRoomDoubtful, triesNames: true)
        hear { $0.looked(.known(basis), now: $1) }
    }

    /// A person answers after a while, as the pool does.
    private func decide() {
        jobs.onPool { [unowned self] in
            { self.hear { $0.decided(true, now: $1) } }
        }
    }

    private func create() {
        let record = TransferRecord(
            id: course.transfer, direction: .receive, peer: sender, roots: [[0x2f]], created: Int64(now()),
            updated: Int64(now()))
        jobs.inJournal { [unowned self] in
            try node.journal.create(record)
            return { self.looked(record) }
        }
    }

    // MARK: jobs

    private func onPool(_ job: ReceiveDriver.PoolJob) {
        guard let work else { return }
        var arrivals: [ChunkArrival] = []
        if case .store(let stored) = job { arrivals = stored }
        for arrival in arrivals { holding[arrival.lane, default: 0] += UInt64(arrival.chunk.cost) }
        jobs.onPool { [unowned self] in
            let event = work.run(job, with: FreshCoders())
            return {
                for arrival in arrivals { self.holding[arrival.lane, default: 0] -= UInt64(arrival.chunk.cost) }
                self.handle(event)
            }
        }
    }

    private func inJournal(_ job: ReceiveDriver.JournalJob) {
        guard let work else { return }
        let time = Int64(now())
        let completion = ReceiveCompletion(ports: work.ports, sender: sender, receiver: node.id) {
            ReceiptRecord(body: $0, signature: [], publicKey: [])
        }
        jobs.inJournal { [unowned self] in
            let event = try await work.run(job, completion: completion, at: time)
            if case .commit(let group) = job, !work.ports.rules.fsync { queue.note(group, now: now()) }
            return { self.handle(event) }
        }
    }

    // MARK: the syncer

    var isSyncDue: Bool {
        var queue = queue
        return work != nil && queue.take(now: now()) != nil
    }

    /// What is due to be synced, as a job; its steps are those of the node's background syncer.
    func takeSync() -> (() async throws -> JobQueue.Answer)? {
        guard let batch = queue.take(now: now()) else { return nil }
        return { [unowned self] in
            do {
                try await batch.sync(course.transfer, sink: node.disk, journal: node.journal, pool: InlinePool())
                try node.journal.checkpoint()
                return { self.queue.settled() }
            } catch is SimulatedJournal.Full {
                return { self.queue.failed(now: self.now()) }
            }
        }
    }
}
