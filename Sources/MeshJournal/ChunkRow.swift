import GRDB
import MeshTransfer
import MeshWire

/// Chunk rows of one transfer, on one connection.
struct ChunkRows {
    let db: Database
    /// The transfer's key.
    let transfer: Int64
    /// The present boot's key.
    let boot: Int64

    /// Writes rows, replacing those of the same chunks: what was written last is what the part holds.
    func put(_ chunks: [ChunkRecord], below bound: UInt64, isAcknowledged: Bool) throws {
        let insert = try Query(
            db,
            """
            INSERT INTO chunk (transfer, number, digest, state, attempts, boot, synced, acknowledged)
            VALUES (?1, ?2, ?3, 1, 1, ?4, ?5, ?6)
            ON CONFLICT (transfer, number) DO UPDATE SET digest = excluded.digest, state = 1, attempts = attempts + 1,
                boot = excluded.boot, synced = excluded.synced, acknowledged = excluded.acknowledged
            """)
        for chunk in chunks {
            guard chunk.number < bound else {
                throw JournalError.refused("chunk \(chunk.number), which is beyond the manifest's \(bound)")
            }
            try insert.run([
                .int(transfer), .bound(chunk.number), .digest(chunk.digest), .int(chunk.isThisBoot ? boot : 0),
                .flag(chunk.isSynced), .flag(isAcknowledged),
            ])
        }
    }

    /// Held chunks in `range`, ascending, at most `limit`.
    func held(in range: Range<UInt64>, limit: Int) throws -> [ChunkRecord] {
        try db.rows(
            """
            SELECT number, digest, boot, synced FROM chunk
            WHERE transfer = ?1 AND number >= ?2 AND number < ?3 AND state = 1 ORDER BY number LIMIT ?4
            """,
            .int(transfer), .bound(range.lowerBound), .bound(range.upperBound), .int(Int64(max(0, limit)))
        ) { row in
            ChunkRecord(
                number: try row.number(0, "chunk number", limit: Limits.chunks - 1),
                digest: try row.digest(1, "chunk digest"), isThisBoot: try row.int(2, "boot") == boot,
                isSynced: try row.flag(3, "synced mark"))
        }
    }

    /// Marks rows as damaged or missing; their count of attempts stays.
    func forget(_ range: Range<UInt64>) throws {
        try db.run(
            "UPDATE chunk SET state = 2, synced = 0 WHERE transfer = ?1 AND number >= ?2 AND number < ?3 AND state = 1",
            .int(transfer), .bound(range.lowerBound), .bound(range.upperBound))
    }

    func markSynced(_ range: Range<UInt64>) throws {
        try db.run(
            "UPDATE chunk SET synced = 1 WHERE transfer = ?1 AND number >= ?2 AND number < ?3 AND state = 1 AND synced = 0",
            .int(transfer), .bound(range.lowerBound), .bound(range.upperBound))
    }
}
