import NIOPosix
import Synchronization

/// Where shells hand in work that must not run on their actor; the answer comes back as an event.
///
/// What has begun on the pool runs to its end, whatever becomes of the session: a part that is being written cannot be told to
/// stop. The session is over once that has ended (``drain()``), so that nothing of it overlaps with the next session of the
/// same transfer. What has not begun by the session's end is dropped, as in a crash.
struct WorkQueue: Sendable {
    typealias Write = @Sendable () async throws -> PeerEvent?

    let pool: NIOThreadPool
    let events: AsyncStream<PeerEvent>.Continuation
    let writes: AsyncStream<Write>.Continuation
    /// Tasks beside the session's own, ended with it.
    let tasks: AsyncStream<@Sendable () async -> Void>.Continuation
    private let running = RunningJobs()

    init(
        pool: NIOThreadPool, events: AsyncStream<PeerEvent>.Continuation, writes: AsyncStream<Write>.Continuation,
        tasks: AsyncStream<@Sendable () async -> Void>.Continuation
    ) {
        self.pool = pool
        self.events = events
        self.writes = writes
        self.tasks = tasks
    }

    /// Blocking work; several run in parallel. After the pool has stopped nothing runs and nothing is answered.
    func onPool(_ work: @escaping @Sendable () -> PeerEvent) {
        running.begin()
        pool.submit { [events, running] state in
            if case .active = state, !running.isOver { events.yield(work()) }
            running.end()
        }
    }

    /// Work with the journal, one after the other in the order it was handed in.
    func inJournal(_ write: @escaping Write) {
        writes.yield(write)
    }

    /// Something that takes as long as it takes: a person's answer, a dial, a lane's events.
    func asking(_ work: @escaping @Sendable () async -> Void) {
        tasks.yield(work)
    }

    /// Nothing more is heard, and nothing more begins.
    func finish() {
        running.finish()
        events.finish()
        writes.finish()
        tasks.finish()
    }

    /// Returns once all that has begun on the pool has ended; in a cancelled task, too.
    func drain() async { await running.ended() }
}

/// Counts jobs of a pool, for whoever must not go on before the last has ended.
final class RunningJobs: Sendable {
    private struct State {
        var count = 0
        var isOver = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// What has not begun is not to begin any more.
    var isOver: Bool { state.withLock { $0.isOver } }

    func finish() { state.withLock { $0.isOver = true } }

    func begin() { state.withLock { $0.count += 1 } }

    func end() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.count -= 1
            guard state.count == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter.resume() }
    }

    /// Returns once none runs.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.count > 0 { state.waiting.append(continuation) }
                return state.count == 0
            }
            if isOver { continuation.resume() }
        }
    }
}
