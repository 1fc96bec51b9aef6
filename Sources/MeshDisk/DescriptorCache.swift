import Synchronization

/// The least recently used of a bounded number of open things leaves first. What is taken out stays open for as long
/// as somebody holds it.
final class DescriptorCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct State {
        var slots: [Key: (value: Value, used: UInt64)] = [:]
        var clock: UInt64 = 0

        mutating func tick() -> UInt64 {
            clock += 1
            return clock
        }
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// At most `capacity` values, one at least.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    func value(for key: Key) -> Value? {
        state.withLock { state in
            guard let index = state.slots.index(forKey: key) else { return nil }
            state.slots.values[index].used = state.tick()
            return state.slots.values[index].value
        }
    }

    /// Keeps `value`, unless another thread was first: answers the one that is kept.
    func insert(_ value: Value, for key: Key) -> Value {
        // What is evicted leaves the closure, so that closing it, which may take long, happens outside of the lock.
        let (kept, evicted) = state.withLock { state -> (Value, Value?) in
            if let other = state.slots[key]?.value { return (other, nil) }
            var oldest: Key?
            if state.slots.count >= capacity {
                oldest = state.slots.min { $0.value.used < $1.value.used }?.key
            }
            let evicted = oldest.flatMap { state.slots.removeValue(forKey: $0)?.value }
            state.slots[key] = (value, state.tick())
            return (value, evicted)
        }
        withExtendedLifetime(evicted) {}
        return kept
    }

    @discardableResult
    func remove(_ key: Key) -> Value? {
        state.withLock { $0.slots.removeValue(forKey: key)?.value }
    }

    func removeAll() {
        let all = state.withLock { state in
            let all = Array(state.slots.values)
            state.slots.removeAll(keepingCapacity: true)
            return all
        }
        withExtendedLifetime(all) {}
    }
}
