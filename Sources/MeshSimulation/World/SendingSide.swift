import MeshTransfer
import MeshWire
import NIOCore

/// What leaves one side of a transfer.
enum SideOutput {
    case message(DataMessage)
    case acknowledgement(NumberSet)
    case transmit(LaneName, ByteBuffer)
    case free(LaneName, Int)
}

/// Carries out what a `SendSession` says, for one link's time.
final class SendingSide {
    let process: SendingProcess
    private let work: SendWork
    private let check: ReceiptCheck
    private(set) var session: SendSession
    var jobs = JobQueue()
    private var output: [SideOutput] = []
    private(set) var isDone = false
    /// Why the transfer ended here.
    private(set) var failure: FailureCode?
    private(set) var violation: String?
    private let now: () -> UInt64

    init(_ process: SendingProcess, course: Course, receiver: NodeID, now: @escaping () -> UInt64) {
        self.process = process
        self.now = now
        // Small pages, so that a transfer of a few files has several.
        work = SendWork(
            transfer: course.transfer, journal: process.node.journal, source: process.source, pool: InlinePool(),
            pageLimit: 5)
        check = ReceiptCheck(work: work, sender: process.node.id, receiver: receiver) { _ in true }
        session = SendSession(compression: course.compression)
        let (totals, isComplete) = (process.totals, !process.isWalking)
        for file in process.source.files { handle { $0.openGrew(file) } }
        process.openListener = { [unowned self] file in handle { $0.openGrew(file) } }
        handle { $0.manifestGrew(to: totals, isComplete: isComplete) }
        process.listener = { [unowned self] totals, isComplete in
            handle { $0.manifestGrew(to: totals, isComplete: isComplete) }
        }
    }

    func takeOutput() -> [SideOutput] {
        defer { output = [] }
        return output
    }

    // MARK: events

    func handle(_ event: (inout SendSession) -> [SendSession.Instruction]) {
        for instruction in event(&session) { carryOut(instruction) }
    }

    func frames(_ frames: [InboundFrame]) {
        for frame in frames {
            do throws(WireError) {
                switch frame {
                case .acknowledgement(_, var payload):
                    let numbers = try payload.wireNumbers("acknowledged chunk", bound: Limits.chunks)
                    handle { $0.acknowledged(numbers) }
                case .message(_, let payload):
                    let message = try DataMessage(reading: payload)
                    handle { $0.message(message) }
                case .chunk, .handshake, .test: throw .invalid("frame of a sender")
                }
            } catch {
                violation = violation ?? "sender: \(error)"
            }
        }
    }

    /// A job failed: the transfer ends here, resumable.
    func failed(_ error: any Error) {
        process.trace("sender's job: \(error)")
        failure = failure ?? FailureCode(simulated: error)
        if failure == nil { violation = violation ?? "sender's job: \(error)" }
    }

    // MARK: instructions

    private func answer(_ event: SendEvent) -> JobQueue.Answer {
        { [unowned self] in
            if case .receiptChecked(.wrong) = event { process.trace("sender: the receipt is wrong") }
            handle { $0.handle(event) }
        }
    }

    private func carryOut(_ instruction: SendSession.Instruction) {
        let work = work
        switch instruction {
        case .sendPage(let from): jobs.inJournal { [unowned self] in answer(try await work.page(from: from)) }
        case .send(let message): output.append(.message(message))
        case .transmit(let lane, let frames): output.append(.transmit(lane, frames))
        case .load(let chunk): jobs.inJournal { [unowned self] in answer(try await work.load(holding: chunk)) }
        case .encode(let job):
            jobs.onPool { [unowned self] in
                var encoder = ChunkEncoder(stream: 1)
                let (batch, failed) = encoder.encode(job.pieces, choice: job.choice, source: work.source)
                return answer(.encoded(job.id, batch, failed: failed))
            }
        case .seal(let entries, _):
            let numbers = NumberSet(numbers: entries.lazy.map(\.number))
            if !numbers.isEmpty { output.append(.message(.sealed(entries: numbers))) }
        case .checkSeals(let numbers):
            jobs.inJournal { [unowned self] in answer(try await work.checkSeals(numbers)) }
        case .record(let records):
            jobs.inJournal { [unowned self] in answer(try await work.record(records)) }
        case .keep(let there): jobs.inJournal { [unowned self] in answer(try await work.keep(there)) }
        case .stop(let file): work.source.release(file)
        case .withdraw(let entries, let again): withdraw(entries, again: again)
        case .checkReceipt(let body, let signature, let skipped):
            let (check, record) = (check, ReceiptRecord(body: body, signature: signature, publicKey: []))
            let time = Int64(now())
            jobs.inJournal { [unowned self] in answer(try await check.run(record, skipped: skipped, at: time)) }
        case .complete: isDone = true
        case .fail(let code, let toPeer):
            failure = failure ?? code
            if toPeer { output.append(.message(.failed(code))) }
        }
    }

    private func withdraw(_ entries: [SourceEntry], again: Bool) {
        let (work, process) = (work, process)
        jobs.inJournal {
            let changed = try await work.withdrawal(of: entries, again: again)
            try process.amend(changed.amended)
            return {}
        }
    }
}

extension FailureCode {
    /// What the other side would be told; nil where the error should never come.
    init?(simulated error: any Error) {
        switch error {
        case let error as DiskError: self = error.isFull ? .diskFull : .destination
        case is SimulatedJournal.Full: self = .journal
        case is ProcessKilled: self = .leaving
        default: return nil
        }
    }
}
