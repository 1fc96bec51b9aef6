import MeshJournal
import MeshTransfer
import MeshWire
import Synchronization

/// Brings received data to the disk behind the transfer's back as `SyncQueue` says, and then says so in the journal. It
/// also moves the journal's log into its file, on a connection of its own.
final class BackgroundSyncer: Sendable {
    private struct State {
        var target: (TransferID, any ChunkSink)?
        var queue = SyncQueue()
    }

    private let node: NodeContext
    private let state = Mutex(State())

    init(node: NodeContext) {
        self.node = node
    }

    func begin(_ transfer: TransferID, _ sink: any ChunkSink) {
        state.withLock { $0.target = (transfer, sink) }
    }

    /// These rows were committed; their data is with the file system.
    func note(_ group: CommitGroup) {
        state.withLock { $0.queue.note(group, now: NodeClock.monotonic) }
    }

    /// Runs until its task is cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(100))
            guard let (transfer, sink, batch) = take() else { continue }
            do {
                try await batch.sync(transfer, sink: sink, journal: node.journal, pool: node)
                state.withLock { $0.queue.settled() }
                _ = try await node.journal.checkpoint()
            } catch {
                state.withLock { $0.queue.failed(now: NodeClock.monotonic) }
            }
        }
    }

    private func take() -> (TransferID, any ChunkSink, SyncQueue.Batch)? {
        state.withLock { state in
            guard let (transfer, sink) = state.target else { return nil }
            return state.queue.take(now: NodeClock.monotonic).map { (transfer, sink, $0) }
        }
    }
}
