import GRDB
package import MeshTransfer
package import MeshWire

/// How often something of a transfer was tried again, by what it was.
package struct RetryCounts: Hashable, Sendable {
    package var chunks: UInt64 = 0
    package var lanes: UInt64 = 0
    package var channels: UInt64 = 0
    package var entries: UInt64 = 0

    package init() {}
}

extension Journal {
    /// Retries kept of a transfer: older ones make room, since a peer can bring about as many as it likes.
    package static let retryLimit = 1_000

    package func record(_ retries: [RetryRecord], of id: TransferID) async throws {
        try await write { db in
            let key = try TransferHead(db, id).key
            for retry in retries { try retry.insert(db, transfer: key) }
            try Self.dropOldRetries(db, transfer: key)
        }
    }

    static func dropOldRetries(_ db: Database, transfer: Int64) throws {
        try db.run(
            """
            DELETE FROM retry WHERE transfer = ?1 AND key <=
            (SELECT key FROM retry WHERE transfer = ?1 ORDER BY key DESC LIMIT 1 OFFSET ?2)
            """, .int(transfer), .int(Int64(retryLimit)))
    }

    /// The latest retries first, at most `limit`.
    package func retries(of id: TransferID, limit: Int) async throws -> [RetryRecord] {
        try await read { db in
            try db.rows(
                "SELECT \(RetryRecord.columns) FROM retry WHERE transfer = ?1 ORDER BY key DESC LIMIT ?2",
                .int(try TransferHead(db, id).key), .int(Int64(max(0, limit))), read: RetryRecord.init)
        }
    }

    /// Of the latest ``retryLimit``.
    package func retryCounts(of id: TransferID) async throws -> RetryCounts {
        try await retries(of: id, limit: Self.retryLimit).reduce(into: RetryCounts()) { counts, retry in
            switch retry.subject {
            case .chunk: counts.chunks += 1
            case .lane: counts.lanes += 1
            case .channel: counts.channels += 1
            case .entry: counts.entries += 1
            }
        }
    }
}
