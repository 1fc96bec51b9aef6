import Synchronization

/// A place in the session's queue. Whoever reads from a peer takes one behind each event it hands in and waits until the
/// session has come to it: what is not handled yet then waits where it is bounded, in a lane's mailbox or in the control
/// link's socket, and a peer that says more than is followed is read more slowly.
final class EventTurn: Sendable {
    private struct State {
        var isReached = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Returns once all that was handed in before has been handled, or the session is over.
    static func behind(_ events: AsyncStream<PeerEvent>.Continuation) async {
        let turn = EventTurn()
        guard case .enqueued = events.yield(.turn(turn)) else { return }
        await withCheckedContinuation { continuation in
            let isReached = turn.state.withLock { state in
                if !state.isReached { state.waiter = continuation }
                return state.isReached
            }
            if isReached { continuation.resume() }
        }
    }

    /// The session has come to it, or will come to nothing more.
    func reached() {
        state.withLock { state in
            state.isReached = true
            defer { state.waiter = nil }
            return state.waiter
        }?.resume()
    }
}
