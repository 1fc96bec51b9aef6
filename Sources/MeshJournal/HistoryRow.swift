import GRDB
package import MeshTransfer
package import MeshWire

/// A transfer with everything that a history tells of it, all as it was at one moment.
package struct HistoryRow: Hashable, Sendable {
    package var record: TransferRecord
    package var progress: TransferProgress
    package var receipt: ReceiptRecord?
    /// What the peer is called in a mesh.
    package var peerName: String?

    init(_ db: Database, _ record: TransferRecord) throws {
        self.record = record
        progress = try Journal.progress(db, of: record.id)
        receipt = try Journal.receipt(db, of: record.id)
        peerName = try record.peer.flatMap { try Journal.peer(db, $0)?.name }
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
