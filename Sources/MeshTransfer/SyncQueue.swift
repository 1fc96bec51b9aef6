package import MeshWire

/// What was committed and is not known to have reached the disk: brought there every 2 s, or sooner once 256 MiB wait.
/// Nothing waits for it; it decides only what a power loss would cost.
///
/// ```
///  note → waiting → (take) → the disk syncs → (synced) rows are marked → settled
///            ↑________________ (failed) ______|
/// ```
package struct SyncQueue: Hashable, Sendable {
    private static let bytesDue: UInt64 = 256 * 1024 * 1024
    /// 2 s in nanoseconds.
    private static let interval: UInt64 = 2_000_000_000

    /// What one sync covers.
    package struct Batch: Hashable, Sendable {
        package var chunks = NumberSet()
        package var entries: [UInt64] = []
        /// Plain bytes of the chunks.
        package var bytes: UInt64 = 0

        package var isEmpty: Bool { chunks.isEmpty && entries.isEmpty }
    }

    private var waiting = Batch()
    private var since: UInt64?
    private var underWay: Batch?

    package init() {}

    /// These rows were committed; their data is with the file system.
    package mutating func note(_ group: CommitGroup, now: UInt64) {
        waiting.chunks.formUnion(group.chunkNumbers)
        waiting.entries += group.finishedEntries
        waiting.bytes += group.bytes
        if since == nil, !waiting.isEmpty { since = now }
    }

    /// What is due; `settled` or `failed` must follow. Only what was committed before may be marked afterwards.
    package mutating func take(now: UInt64) -> Batch? {
        guard underWay == nil, let since else { return nil }
        guard now >= since + Self.interval || waiting.bytes >= Self.bytesDue else { return nil }
        underWay = waiting
        waiting = Batch()
        self.since = nil
        return underWay
    }

    /// The batch is on the disk and its rows say so.
    package mutating func settled() { underWay = nil }

    /// An error of the disk ends up where the next write meets it; what was to be synced waits again.
    package mutating func failed(now: UInt64) {
        guard let batch = underWay else { return }
        underWay = nil
        waiting.chunks.formUnion(batch.chunks)
        waiting.entries += batch.entries
        waiting.bytes += batch.bytes
        since = since ?? now
    }
}

extension SyncQueue.Batch {
    /// Brings everything to the disk, and only then has the rows say so.
    package func sync(
        _ transfer: TransferID, sink: some ChunkSink, journal: some TransferJournal, pool: some BlockingPool
    ) async throws {
        try await pool.blocking { try sink.syncAll() }
        try await journal.markDurable(chunks: chunks, entries: entries, of: transfer)
    }
}
