import GRDB
import MeshTransfer
package import MeshWire

/// What of a transfer is not there as it was offered, and why.
package struct LeftOut: Hashable, Sendable {
    /// One entry, by its path in the manifest.
    package struct Entry: Hashable, Sendable {
        package var number: UInt64
        package var path: [UInt8]
        package var reason: SkipReason
    }

    /// The first of them: what is missing, what was kept, and what is there under another name.
    package var entries: [Entry] = []
    /// All of them.
    package var counts: [SkipReason: UInt64] = [:]
    /// Files under their final names.
    package var files: UInt64 = 0

    package init() {}

    package func count(_ kind: SkipReason.Kind) -> UInt64 {
        counts.reduce(0) { $0 + ($1.key.kind == kind ? $1.value : 0) }
    }
}

extension Journal {
    /// At most `limit` entries from the number `first` on, in their order.
    package func leftOut(of id: TransferID, from first: UInt64, limit: Int) async throws -> [LeftOut.Entry] {
        try await read { db in
            try Self.leftOut(db, try TransferHead(db, id).key, from: first, order: "number", limit: limit)
        }
    }

    /// Only so many entries are named: what a person must act on is not crowded out by what stays as it was.
    private static let weightiestFirst = """
        CASE reason WHEN \(SkipReason.folded.rawValue) THEN 2 WHEN \(SkipReason.exists.rawValue) THEN 1
            WHEN \(SkipReason.older.rawValue) THEN 1 ELSE 0 END, number
        """

    private static func leftOut(
        _ db: Database, _ key: Int64, from first: UInt64, order: String, limit: Int
    ) throws -> [LeftOut.Entry] {
        let sql = """
            SELECT number, path, reason FROM entry INDEXED BY entry_reason
            WHERE transfer = ?1 AND number >= ?2 AND reason IS NOT NULL AND (state <> 5 OR reason = ?3) AND reason <> ?4
            ORDER BY \(order) LIMIT ?5
            """
        return try db.rows(
            sql, .int(key), try .number(first, "an entry's number"), .int(Int64(SkipReason.changing.rawValue)),
            .int(Int64(SkipReason.unchanged.rawValue)), .int(Int64(max(0, limit)))
        ) { row in
            LeftOut.Entry(
                number: try row.number(0, "an entry's number"),
                path: try row.bytes(1, "path", limit: Limits.omittedPath),
                reason: try SkipReason(journaled: try row.int(2, "reason")))
        }
    }

    /// Names of at most `limit` entries, and the count of all, on either side of a transfer that is over.
    package func leftOut(of id: TransferID, limit: Int) async throws -> LeftOut {
        try await read { db in
            let key = try TransferHead(db, id).key
            var left = LeftOut()
            left.entries = try Self.leftOut(db, key, from: 0, order: Self.weightiestFirst, limit: limit)
            let changing = Value.int(Int64(SkipReason.changing.rawValue))
            let unchanged = Value.int(Int64(SkipReason.unchanged.rawValue))
            let counts = """
                SELECT reason, count(*) FROM entry INDEXED BY entry_reason
                WHERE transfer = ?1 AND reason IS NOT NULL AND (state <> 5 OR reason = ?2) GROUP BY reason
                """
            for (reason, count) in try db.rows(counts, .int(key), changing, read: Self.count) {
                left.counts[reason] = count
            }
            let files = """
                SELECT count(*) FROM entry
                WHERE transfer = ?1 AND kind = 0 AND state <> 5 AND (reason IS NULL OR reason IN (?2, ?3))
                """
            let folded = Value.int(Int64(SkipReason.folded.rawValue))
            left.files = try db.row(files, .int(key), unchanged, folded) { try $0.number(0, "count of files") } ?? 0
            return left
        }
    }

    private static func count(_ row: Columns) throws -> (SkipReason, UInt64) {
        (try SkipReason(journaled: try row.int(0, "reason")), try row.number(1, "count of entries"))
    }
}
