import Synchronization

/// The life of one process: counts the steps that change something lasting, and ends it right behind the one it is armed
/// for. From then on none of its ports does anything.
package final class Fuse: Sendable {
    private struct State {
        var steps: UInt64 = 0
        var left: Int?
        var isBlown = false
    }

    private let state = Mutex(State())

    package init() {}

    package var isBlown: Bool { state.withLock { $0.isBlown } }
    /// Lasting steps so far, of all processes.
    package var steps: UInt64 { state.withLock { $0.steps } }

    /// The process ends behind the `writes`-th lasting step from now; 0 is at once.
    package func arm(after writes: Int) {
        state.withLock {
            $0.left = writes
            $0.isBlown = $0.isBlown || writes == 0
        }
    }

    /// Another process takes its place.
    package func replace() {
        state.withLock {
            $0.left = nil
            $0.isBlown = false
        }
    }

    /// A lasting step was done.
    func burn() {
        state.withLock {
            $0.steps += 1
            guard let left = $0.left else { return }
            $0.left = left - 1
            if left <= 1 { $0.isBlown = true }
        }
    }
}

/// The process is gone; nobody hears of this.
struct ProcessKilled: Error {}
