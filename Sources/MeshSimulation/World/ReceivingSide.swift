import MeshTransfer
import MeshWire

/// Carries out what a `ReceiveSession` says, for one link's time, and looks at what becomes of it.
final class ReceivingSide {
    private let node: SimulatedNode
    private let course: Course
    private let sender: NodeID
    private let now: () -> UInt64
    private let witness: Witness
    private var offer = IncomingOffer()
    private var work: ReceiveWork?
    private(set) var session: ReceiveSession?
    private var queue = SyncQueue()
    /// Bytes of chunk frames that are held until they are stored, by lane.
    private(set) var holding: [LaneName: UInt64] = [:]
    var jobs = JobQueue()
    private var output: [SideOutput] = []
    /// The receipt is kept: nothing can take the transfer away any more.
    private(set) var isSettled = false
    private(set) var failure: FailureCode?
    private(set) var violation: String?
    /// The accept is to leave: entries that are here.
    private(set) var accepts: UInt64?

    init(_ node: SimulatedNode, course: Course, sender: NodeID, witness: Witness, now: @escaping () -> UInt64) {
        self.node = node
        self.course = course
        self.sender = sender
        self.witness = witness
        self.now = now
    }

    /// The session lives and has not come to its end.
    var isUnderWay: Bool { session != nil && !isSettled && failure == nil && violation == nil }

    func takeOutput() -> [SideOutput] {
        defer { output = [] }
        return output
    }

    func takeAccept() -> UInt64? {
        defer { accepts = nil }
        return accepts
    }

    // MARK: the offer

    /// The journal knows the transfer, or a person agrees and it is written down; then what was held is heard.
    func offered(_ sums: TransferSums, counting: Bool) {
        guard offer.offered(course.transfer, sums, counting: counting, piped: false) else {
            violation = violation ?? "receiver: a second offer"
            return
        }
        jobs.inJournal { [unowned self] in
            let isKnown = try node.journal.transfer(course.transfer) != nil
            return { self.looked(isKnown ? .known : .fresh) }
        }
    }

    private func looked(_ standing: IncomingOffer.Standing) {
        offer.looked(standing)
        settle()
    }

    private func settle() {
        switch offer.next() {
        case .none: break
        case .ask: decide()
        case .create: create()
        case .accept: accept()
        case .decline(let code): failure = failure ?? code
        }
    }

    /// A person answers after a while, as the pool does.
    private func decide() {
        jobs.onPool { [unowned self] in
            return {
                self.offer.decided(true)
                self.settle()
            }
        }
    }

    private func create() {
        let record = TransferRecord(
            id: course.transfer, direction: .receive, peer: sender, roots: [[0x2f]], created: Int64(now()),
            updated: Int64(now()))
        jobs.inJournal { [unowned self] in
            try node.journal.create(record)
            return { self.looked(.known) }
        }
    }

    private func accept() {
        jobs.inJournal { [unowned self] in
            guard let record = try node.journal.transfer(course.transfer) else { throw ProcessKilled() }
            return { self.accept(record) }
        }
    }

    private func accept(_ record: TransferRecord) {
        work = ReceiveWork(
            ReceivePorts(
                transfer: record.id, journal: node.journal, sink: node.disk, pool: InlinePool(), rules: course.rules,
                isLocal: true, keepsInodes: course.keepsInodes, isSettled: record.state.isSettled))
        session = ReceiveSession(
            totals: record.totals, promise: offer.promise(known: record.totals),
            isRoomDoubtful: course.isRoomDoubtful, triesNames: true, now: now())
        accepts = max(record.totals.entries, offer.heldEntries)
        handle { $0.start(now: $1) }
        for message in offer.takeHeld() { handle { $0.message(message, now: $1) } }
    }

    // MARK: events

    func handle(_ event: (inout ReceiveSession, UInt64) -> [ReceiveSession.Instruction]) {
        guard let instructions = session.map({ _ in event(&session!, now()) }) else { return }
        for instruction in instructions { carryOut(instruction) }
    }

    func frames(_ frames: [InboundFrame], on lane: LaneName) {
        for frame in frames {
            do throws(WireError) {
                switch frame {
                case .chunk(let chunk):
                    guard session != nil else { throw .invalid("chunk before its transfer was accepted") }
                    handle { $0.arrived([chunk], on: lane, now: $1) }
                case .message(_, let payload):
                    let message = try DataMessage(reading: payload)
                    try heard(message)
                case .acknowledgement, .handshake, .test: throw .invalid("frame of a receiver")
                }
            } catch {
                violation = violation ?? "receiver: \(error)"
            }
        }
    }

    private func heard(_ message: DataMessage) throws(WireError) {
        guard session == nil else { return handle { $0.message(message, now: $1) } }
        try offer.hold(message)
        settle()
    }

    /// A job failed: the transfer ends here, resumable.
    func failed(_ error: any Error) {
        witness.trace("receiver's job: \(error)")
        failure = failure ?? FailureCode(simulated: error)
        if failure == nil { violation = violation ?? "receiver's job: \(error)" }
    }

    // MARK: instructions

    private func answer(_ event: ReceiveEvent) -> JobQueue.Answer {
        { [unowned self] in
            if case .finished(let ended) = event { witness.finished(ended, course) }
            if case .completed = event { isSettled = true }
            tell(event)
            handle { $0.handle(event, now: $1) }
        }
    }

    private func tell(_ event: ReceiveEvent) {
        if case .diskFailed(let error) = event { witness.trace("receiver's disk: \(error)") }
        guard case .stored(let results, _) = event else { return }
        for case .failed(let error) in results.map(\.outcome) { witness.trace("receiver's disk: \(error)") }
    }

    private func carryOut(_ instruction: ReceiveSession.Instruction) {
        switch instruction {
        case .send(let message):
            if case .want(let chunks, _) = message { witness.wanted(chunks, course) }
            output.append(.message(message))
        case .acknowledge(let numbers):
            witness.acknowledged(numbers, course)
            output.append(.acknowledgement(numbers))
        case .release(let lane, let bytes): output.append(.free(lane, bytes))
        case .done: isSettled = true
        case .fail(let code, let toPeer):
            failure = failure ?? code
            if toPeer { output.append(.message(.failed(code))) }
        case .disconnect(let error): violation = violation ?? "receiver: \(error)"
        case .decodePage(let first, let count, let rawLength, let deflated):
            jobs.onPool { [unowned self] in
                answer(ReceiveWork.decodePage(first: first, count: count, rawLength: rawLength, deflated: deflated))
            }
        case .store, .makeParts, .finish, .discard: onPool(instruction)
        case .keepPage, .reckonRoom, .plan, .commit, .complete: inJournal(instruction)
        }
    }

    private func onPool(_ instruction: ReceiveSession.Instruction) {
        guard let work else { return }
        if case .store(let arrivals) = instruction {
            for arrival in arrivals { holding[arrival.lane, default: 0] += UInt64(arrival.chunk.cost) }
        }
        jobs.onPool { [unowned self] in
            switch instruction {
            case .store(let arrivals):
                var decoder = ChunkDecoder()
                let stored = answer(work.store(arrivals, with: &decoder))
                return {
                    for arrival in arrivals { self.holding[arrival.lane, default: 0] -= UInt64(arrival.chunk.cost) }
                    stored()
                }
            case .makeParts(let entries): return answer(work.makeParts(entries))
            case .finish(let entries): return answer(work.finish(entries))
            case .discard(let entry): return answer(work.discard(entry))
            default: return {}
            }
        }
    }

    private func inJournal(_ instruction: ReceiveSession.Instruction) {
        guard let work else { return }
        let time = Int64(now())
        jobs.inJournal { [unowned self] in
            switch instruction {
            case .keepPage(let entries): return answer(try await work.keepPage(entries))
            case .reckonRoom: return answer(try await work.reckonRoom())
            case .plan(let first, let limit): return answer(try await work.plan(from: first, limit: limit))
            case .commit(let group):
                let event = try await work.commit(group, at: time)
                if !work.ports.rules.fsync { queue.note(group, now: now()) }
                return answer(event)
            case .complete:
                let completion = ReceiveCompletion(ports: work.ports, sender: sender, receiver: node.id) {
                    ReceiptRecord(body: $0, signature: [], publicKey: [])
                }
                return answer(try await completion.run(at: time))
            default: return {}
            }
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
        let (node, course) = (node, course)
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
