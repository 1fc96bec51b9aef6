import MeshWire
import Synchronization

/// What is to be said on a control link, in order. A session says little by itself and answers what it is told: while many
/// answers wait, nothing more is read.
final class ControlOutbox: Sendable {
    /// Messages that may wait before the peer is no longer listened to.
    static let limit = 64

    let messages: AsyncStream<ControlMessage>
    private let continuation: AsyncStream<ControlMessage>.Continuation
    private let waiting = Atomic<Int>(0)
    private let isOver = Atomic<Bool>(false)

    init() { (messages, continuation) = AsyncStream.makeStream(of: ControlMessage.self) }

    func yield(_ message: ControlMessage) {
        waiting.add(1, ordering: .relaxed)
        continuation.yield(message)
    }

    /// The socket took the message that waited longest.
    func sent() { waiting.subtract(1, ordering: .relaxed) }

    /// The link takes nothing more.
    func failed() { isOver.store(true, ordering: .relaxed) }

    /// Nothing waits, or waiting is of no use.
    var isEmpty: Bool { waiting.load(ordering: .relaxed) == 0 || isOver.load(ordering: .relaxed) }

    /// Returns once less than the limit waits; false where that takes longer than `time`: the peer sends and does not read.
    func hasRoom(within time: Duration = .seconds(5)) async -> Bool {
        let deadline = ContinuousClock.now + time
        while waiting.load(ordering: .relaxed) >= Self.limit, !isOver.load(ordering: .relaxed) {
            guard ContinuousClock.now < deadline else { return false }
            // Cancelled: nobody listens any more in any case.
            guard (try? await Task.sleep(for: .milliseconds(5))) != nil else { return true }
        }
        return true
    }

    func finish() { continuation.finish() }
}
