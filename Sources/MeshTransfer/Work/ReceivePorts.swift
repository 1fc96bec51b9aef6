package import MeshWire

/// What the receiver's work is done with: one transfer's journal and disk, and the rules a person chose for it.
package struct ReceivePorts: Sendable {
    package let transfer: TransferID
    package let journal: any TransferJournal
    package let sink: any ChunkSink
    package let pool: any BlockingPool
    package let rules: ReceiveRules
    /// The destination lies on a file system of this machine, which keeps what was written as long as the boot lasts.
    package let isLocal: Bool
    /// Files there have the same numbers at each mount, by which they are known again.
    package let keepsInodes: Bool
    /// The transfer has its receipt: what a person has moved away since is not fetched again, unless the machine went down
    /// before it was known to have reached the disk.
    package let isSettled: Bool

    package init(
        transfer: TransferID, journal: any TransferJournal, sink: any ChunkSink, pool: any BlockingPool,
        rules: ReceiveRules, isLocal: Bool, keepsInodes: Bool = true, isSettled: Bool = false
    ) {
        self.transfer = transfer
        self.journal = journal
        self.sink = sink
        self.pool = pool
        self.rules = rules
        self.isLocal = isLocal
        self.keepsInodes = keepsInodes
        self.isSettled = isSettled
    }

    /// Every entry of the manifest, by cursor.
    func eachBatch(_ body: ([ReceivedEntry]) async throws -> Void) async throws {
        var next: UInt64 = 0
        while true {
            let entries = try await journal.receivedEntries(of: transfer, from: next, limit: 1_024)
            guard let last = entries.last else { return }
            try await body(entries)
            next = last.number + 1
        }
    }
}

/// How a person wants a transfer received.
package struct ReceiveRules: Hashable, Sendable {
    package var onConflict: ConflictRule
    /// Links may lead out of the destination.
    package var allLinks: Bool
    /// Nothing is committed before its data has reached the disk.
    package var fsync: Bool

    package init(onConflict: ConflictRule = .rename, allLinks: Bool = false, fsync: Bool = false) {
        self.onConflict = onConflict
        self.allLinks = allLinks
        self.fsync = fsync
    }
}
