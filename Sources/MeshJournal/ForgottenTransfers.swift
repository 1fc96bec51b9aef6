import GRDB
import MeshTransfer
import MeshWire

/// What stays of a receiver's transfer that was forgotten: its name, and where its hidden parts may still lie.
enum ForgottenTransfers {
    /// Rows that are kept.
    private static let limit = 10_000

    /// Called before the transfer's row loses its name.
    static func add(_ db: Database, _ id: TransferID, at time: Int64) throws {
        guard let record = try Journal.transfer(db, id), let root = record.roots.first, root.count <= 4_096 else {
            return
        }
        try db.run(
            "INSERT INTO forgotten (id, root, time) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET time = excluded.time",
            .text(id.description), .bytes(root), .int(time))
        try db.run(
            "DELETE FROM forgotten WHERE id IN (SELECT id FROM forgotten ORDER BY time DESC, id LIMIT -1 OFFSET ?1)",
            .int(Int64(limit)))
    }
}

extension Journal {
    /// Whether a transfer whose name begins like this was forgotten here. Names begin with 80 random bits.
    package func wasForgotten(_ beginning: String) async throws -> Bool {
        try await read { db in
            try db.row("SELECT 1 FROM forgotten WHERE id >= ?1 AND id < ?1 || '~' LIMIT 1", .text(beginning)) { _ in
                true
            }
                ?? false
        }
    }

    /// Folders into which something was received, forgotten or not; at most 10,000.
    package func destinations() async throws -> [[UInt8]] {
        try await read { db in
            let kept = try Self.transfers(db, HistoryFilter(direction: .receive, limit: 10_000)).compactMap(
                \.roots.first)
            let forgotten = try db.rows("SELECT DISTINCT root FROM forgotten") {
                try $0.bytes(0, "folder", limit: 4_096)
            }
            return Array(Set(kept + forgotten))
        }
    }
}
