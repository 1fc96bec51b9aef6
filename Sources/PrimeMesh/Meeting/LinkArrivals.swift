import MeshTransport
import Synchronization

/// Links that came to a listener and that nobody has taken yet, in their order. Whoever waits for one may give up: the next
/// one that waits takes what comes then.
final class LinkArrivals: Sendable {
    private struct State {
        var links: [PeerLink] = []
        var waiting: [UInt64: CheckedContinuation<PeerLink?, Never>] = [:]
        var next: UInt64 = 0
        var isOver = false
    }

    private let state = Mutex(State())

    /// Hands the link to whoever has waited longest, or keeps it. The listener has ended: the link is closed.
    func add(_ link: PeerLink) {
        let (waiter, isOver) = state.withLock { state -> (CheckedContinuation<PeerLink?, Never>?, Bool) in
            guard !state.isOver else { return (nil, true) }
            if let first = state.waiting.keys.min() { return (state.waiting.removeValue(forKey: first), false) }
            state.links.append(link)
            return (nil, false)
        }
        if isOver { link.control.close() }
        waiter?.resume(returning: link)
    }

    /// The next link; nil where the listener or the caller's task ends first.
    func take() async -> PeerLink? {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { wait($0, as: number) }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: nil)
        }
    }

    private func wait(_ continuation: CheckedContinuation<PeerLink?, Never>, as number: UInt64) {
        let answer: PeerLink?? = state.withLock { state in
            if !state.links.isEmpty { return .some(state.links.removeFirst()) }
            // A cancellation that came before finds nobody; this one sees it.
            if state.isOver || Task.isCancelled { return .some(nil) }
            state.waiting[number] = continuation
            return nil
        }
        if let answer { continuation.resume(returning: answer) }
    }

    /// Nothing more comes: whoever waits hears so, and what nobody took is closed.
    func finish() {
        let (waiting, links) = state.withLock { state in
            defer {
                state.waiting = [:]
                state.links = []
                state.isOver = true
            }
            return (state.waiting.values, state.links)
        }
        for waiter in waiting { waiter.resume(returning: nil) }
        for link in links { link.control.close() }
    }
}
