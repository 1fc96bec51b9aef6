import NIOPosix

/// Where shells hand in work that must not run on their actor; the answer comes back as an event.
struct JobDesk: Sendable {
    typealias Write = @Sendable () async throws -> PeerEvent?

    let pool: NIOThreadPool
    let events: AsyncStream<PeerEvent>.Continuation
    let writes: AsyncStream<Write>.Continuation
    /// Tasks beside the session's own, ended with it.
    let tasks: AsyncStream<@Sendable () async -> Void>.Continuation

    /// Blocking work; several run in parallel. After the pool has stopped nothing runs and nothing is answered.
    func onPool(_ work: @escaping @Sendable () -> PeerEvent) {
        let events = events
        pool.submit { state in
            guard case .active = state else { return }
            events.yield(work())
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
}
