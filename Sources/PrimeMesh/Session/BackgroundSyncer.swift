import MeshDisk
import MeshJournal
import MeshTransfer
import MeshWire
import Synchronization

/// Brings received data to the disk behind the transfer's back, and then says so in the journal: every 2 s, or sooner
/// once 256 MiB wait. Nothing waits for it; it decides only what a power loss would cost. It also moves the journal's
/// log into its file, on a connection of its own.
final class BackgroundSyncer: Sendable {
    private static let bytesDue: UInt64 = 256 * 1024 * 1024
    private static let ticksDue = 20

    private struct State {
        var target: (TransferID, FileSink)?
        var chunks = NumberSet()
        var entries: [UInt64] = []
        var ticks = 0
    }

    private let node: NodeContext
    private let state = Mutex(State())

    init(node: NodeContext) {
        self.node = node
    }

    func begin(_ transfer: TransferID, _ sink: FileSink) {
        state.withLock { $0.target = (transfer, sink) }
    }

    /// These rows were committed; their data is with the file system.
    func note(_ group: CommitGroup) {
        state.withLock { state in
            state.chunks.formUnion(NumberSet(group.chunks.map { $0.number..<$0.number + 1 }))
            state.entries += group.ended.filter { $0.state == .finished }.map(\.number)
        }
    }

    /// Runs until its task is cancelled. An error of the disk ends up where the next write meets it.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(100))
            guard let (transfer, sink, chunks, entries) = take() else { continue }
            do {
                try await node.blocking { try sink.syncAll() }
                try await node.journal.markDurable(chunks: chunks, entries: entries, of: transfer)
                _ = try await node.journal.checkpoint()
            } catch {
                putBack(chunks, entries)
            }
        }
    }

    private func take() -> (TransferID, FileSink, NumberSet, [UInt64])? {
        state.withLock { state in
            state.ticks += 1
            guard let (transfer, sink) = state.target, !(state.chunks.isEmpty && state.entries.isEmpty) else {
                return nil
            }
            // A chunk is 256 KiB or more unless its file is smaller: a lower bound in bytes would sync too often.
            let isDue = state.ticks >= Self.ticksDue || state.chunks.count * 1024 * 1024 >= Self.bytesDue
            guard isDue else { return nil }
            defer {
                state.chunks = NumberSet()
                state.entries = []
                state.ticks = 0
            }
            return (transfer, sink, state.chunks, state.entries)
        }
    }

    private func putBack(_ chunks: NumberSet, _ entries: [UInt64]) {
        state.withLock { state in
            state.chunks.formUnion(chunks)
            state.entries += entries
        }
    }
}
