import Synchronization

/// What came and nobody has taken yet, in its order. Who waits for the next may give up: then whoever waits later has it.
final class Arrivals<Item: Sendable>: Sendable {
    private struct State {
        var items: [Item] = []
        var waiting: [UInt64: CheckedContinuation<Item?, Never>] = [:]
        var next: UInt64 = 0
        var isOver = false
    }

    private let state = Mutex(State())

    /// Hands the item to whoever has waited longest, or keeps it. False behind the end: the item is the caller's.
    func add(_ item: Item) -> Bool {
        let (waiter, isTaken) = state.withLock { state -> (CheckedContinuation<Item?, Never>?, Bool) in
            guard !state.isOver else { return (nil, false) }
            if let first = state.waiting.keys.min() { return (state.waiting.removeValue(forKey: first), true) }
            state.items.append(item)
            return (nil, true)
        }
        waiter?.resume(returning: item)
        return isTaken
    }

    /// The next item; nil behind the end, and where the caller's task is cancelled.
    func take() async -> Item? {
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

    private func wait(_ continuation: CheckedContinuation<Item?, Never>, as number: UInt64) {
        let answer: Item?? = state.withLock { state in
            if !state.items.isEmpty { return .some(state.items.removeFirst()) }
            // A cancellation that came before found nobody waiting; here it is seen.
            if state.isOver || Task.isCancelled { return .some(nil) }
            state.waiting[number] = continuation
            return nil
        }
        if let answer { continuation.resume(returning: answer) }
    }

    /// Nothing more comes: whoever waits hears so. Answers what nobody took.
    func finish() -> [Item] {
        let (waiting, items) = state.withLock { state in
            defer {
                state.waiting = [:]
                state.items = []
                state.isOver = true
            }
            return (state.waiting.values, state.items)
        }
        for waiter in waiting { waiter.resume(returning: nil) }
        return items
    }
}
