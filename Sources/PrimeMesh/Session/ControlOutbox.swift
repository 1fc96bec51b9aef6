import MeshWire
import Synchronization

/// Messages on their way to the control link. A session that ends asks whether all have left: the last one says why, and a
/// peer that never hears it would wait for a return until its patience ends.
final class ControlOutbox: Sendable {
    /// For one reader, which calls ``sent()`` after each.
    let messages: AsyncStream<ControlMessage>
    private let input: AsyncStream<ControlMessage>.Continuation
    /// Nil once nothing can leave any more.
    private let unsent = Mutex<Int?>(0)

    init() {
        (messages, input) = AsyncStream.makeStream(of: ControlMessage.self)
    }

    /// Nothing waits, or what waits cannot leave.
    var isEmpty: Bool { unsent.withLock { $0 ?? 0 } == 0 }

    func yield(_ message: ControlMessage) {
        unsent.withLock { $0 = $0.map { $0 + 1 } }
        input.yield(message)
    }

    func sent() { unsent.withLock { $0 = $0.map { $0 - 1 } } }

    /// The link is gone.
    func giveUp() { unsent.withLock { $0 = nil } }

    func finish() { input.finish() }
}
