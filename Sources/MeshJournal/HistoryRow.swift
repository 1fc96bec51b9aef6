import GRDB
package import MeshTransfer
package import MeshWire

/// A transfer with everything that a history tells of it, all as it was at one moment.
package struct HistoryRow: Hashable, Sendable {
    package var record: TransferRecord
    package var progress: TransferProgress
    package var receipt: ReceiptRecord?
    /// What the peer is called in a mesh, else what it called itself.
    package var peerName: String?
    /// The other side did not want it.
    package var isDeclined: Bool
    /// Who holds its lock, alive or not.
    package var holder: ProcessIdentity?
    /// The code it runs under.
    package var code: CodeRecord?
    /// Topmost names of its manifest, the first few.
    package var names: [[UInt8]]

    init(_ db: Database, _ record: TransferRecord) throws {
        self.record = record
        let key = try TransferHead(db, record.id).key
        isDeclined =
            try db.row("SELECT declined FROM transfer WHERE key = ?1", .int(key)) { try $0.flag(0, "refusal") } ?? false
        holder = try LockRow(transfer: key).holder(db)
        code = try record.code.flatMap { try Journal.code(db, $0) }
        names = try TopmostNames.read(db, key, entries: record.totals.entries)
        progress = try Journal.progress(db, of: record.id)
        receipt = try Journal.receipt(db, of: record.id)
        peerName = try record.peer.flatMap { try Journal.peer(db, $0) }.flatMap { $0.name ?? $0.label }
    }
}

extension Journal {
    /// Transfers that `filter` lets through, the latest first. Everything comes out of one read: a question for each of
    /// ten thousand transfers would wait ten thousand times for its turn.
    package func history(_ filter: HistoryFilter = HistoryFilter()) async throws -> [HistoryRow] {
        try await read { db in try Self.transfers(db, filter).map { try HistoryRow(db, $0) } }
    }

    /// Throws `JournalError.unknownTransfer` where there is none.
    package func history(of id: TransferID) async throws -> HistoryRow {
        try await read { db in
            guard let record = try Self.transfer(db, id) else { throw JournalError.unknownTransfer(id) }
            return try HistoryRow(db, record)
        }
    }
}
