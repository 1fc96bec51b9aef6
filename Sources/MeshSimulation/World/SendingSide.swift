import MeshTransfer
import MeshWire
import NIOCore

/// What leaves one side of a transfer.
enum SideOutput {
    case message(DataMessage)
    case acknowledgement(NumberSet)
    case transmit(LaneName, ByteBuffer)
    case free(LaneName, Int)
    case say(ControlMessage)
}

/// Carries out what a `SendDriver` says, for one link's time.
final class SendingSide {
    let process: SendingProcess
    private let work: SendWork
    private let check: ReceiptCheck
    private var driver: SendDriver
    var jobs = JobQueue()
    /// What every lane can take by now.
    var rooms: () -> [(name: LaneName, room: SendSession.LaneRoom)] = { [] }
    private var output: [SideOutput] = []
    private(set) var end: TransferEnd?
    /// An error that no run should meet.
    private(set) var violation: String?
    private let now: () -> UInt64

    init(_ process: SendingProcess, course: Course, receiver: NodeID, now: @escaping () -> UInt64) {
        self.process = process
        self.now = now
        // Small pages, so that a transfer of a few files has several.
        work = SendWork(
            transfer: course.transfer, journal: process.node.journal, source: process.source, pool: InlinePool(),
            pageLimit: 5)
        check = ReceiptCheck(work: work, sender: process.node.id, receiver: receiver, receiverKey: []) { _ in true }
        driver = SendDriver(course.transfer, stream: 1, compression: course.compression)
        for file in process.openFiles { handle(.openGrew(file)) }
        process.openListener = { [unowned self] file in handle(.openGrew(file)) }
        handle(.manifestGrew(process.totals, isComplete: !process.isWalking))
        process.listener = { [unowned self] totals, isComplete in
            handle(.manifestGrew(totals, isComplete: isComplete))
        }
    }

    var heldBytes: Int { driver.heldBytes }
    var isDone: Bool { end?.isDone ?? false }

    func takeOutput() -> [SideOutput] {
        defer { output = [] }
        return output
    }

    // MARK: events

    func handle(_ event: SendEvent) {
        if case .receiptChecked(.wrong) = event { process.trace("sender: the receipt is wrong") }
        let steps = driver.handle(event, rooms: rooms)
        carryOut(steps)
    }

    /// Whatever else happens on the link or its lanes.
    func hear(_ event: (inout SendDriver) -> [SendDriver.Step]) {
        let steps = event(&driver)
        carryOut(steps)
    }

    /// A job failed: the transfer ends here, resumable.
    func failed(_ error: any Error) {
        process.trace("sender's job: \(error)")
        // The dead say nothing.
        guard !(error is ProcessKilled) else { return }
        guard let code = FailureCode(simulated: error) else {
            violation = violation ?? "sender's job: \(error)"
            return
        }
        hear { $0.failed(error, as: code) }
    }

    // MARK: steps

    private func carryOut(_ steps: [SendDriver.Step]) {
        for step in steps { carryOut(step) }
    }

    private func carryOut(_ step: SendDriver.Step) {
        switch step {
        case .message(let message): output.append(.message(message))
        case .transmit(let lane, let frames): output.append(.transmit(lane, frames))
        case .say(let message): output.append(.say(message))
        case .encode(let job): encode(job)
        case .journal(let job): inJournal(job)
        case .release(let entries): for entry in entries { work.source.release(entry) }
        case .report: break
        case .ended(let end): self.end = end
        }
    }

    private func encode(_ job: SendSession.EncodeJob) {
        jobs.onPool { [unowned self] in
            let (batch, failed) = FreshCoders().encode(job, source: work.source)
            return { self.handle(.encoded(job.id, batch, failed: failed)) }
        }
    }

    private func inJournal(_ job: SendDriver.Job) {
        let time = Int64(now())
        jobs.inJournal { [unowned self] in
            let event = try await work.run(job, manifest: process, check: check, at: time)
            return { self.handle(event) }
        }
    }
}

extension TransferEnd {
    var isDone: Bool {
        if case .done = self { true } else { false }
    }

    /// What a person would be told; nil where nothing failed.
    var failure: FailureCode? {
        switch self {
        case .done, .breach: nil
        case .told(let code), .failed(let code, _): code
        }
    }

    /// Nobody breaks the protocol here.
    var breach: String? {
        if case .breach(let error) = self { "\(error)" } else { nil }
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
