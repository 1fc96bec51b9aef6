import GRDB
package import MeshTransfer
package import MeshWire

// What the syncer has to do: on a resume it starts from these.
extension Journal {
    /// Held chunks from number `first` on whose bytes are not known to have reached the disk, ascending, at most `limit`.
    package func unsyncedChunks(of id: TransferID, from first: UInt64, limit: Int) async throws -> [ChunkRecord] {
        let boot = boot
        return try await read { db in
            let key = try TransferHead(db, id).key
            return try db.rows(
                """
                SELECT number, digest, boot FROM chunk
                WHERE transfer = ?1 AND number >= ?2 AND synced = 0 AND state = 1 ORDER BY number LIMIT ?3
                """,
                .int(key), .bound(first), .int(Int64(max(0, limit)))
            ) { row in
                ChunkRecord(
                    number: try row.number(0, "chunk number", limit: Limits.chunks - 1),
                    digest: try row.digest(1, "chunk digest"), isThisBoot: try row.int(2, "boot") == boot)
            }
        }
    }

    /// Says on which mount the files of a received transfer lie now. Where that is another one than before, or nobody can tell
    /// (nil), a file system may have been pulled out in between: no row is of this boot any more. Synced ones neither, as the
    /// names of finished files came later.
    package func place(_ id: TransferID, onMount mount: String?) async throws {
        try await write { db in
            let key = Value.int(try TransferHead(db, id).key)
            let sql = "UPDATE transfer SET mount = ?2 WHERE key = ?1 AND (mount IS NOT ?2 OR ?2 IS NULL)"
            guard try db.run(sql, key, mount.map { .text($0) } ?? .null) > 0 else { return }
            try db.run("UPDATE chunk SET boot = 0 WHERE transfer = ?1 AND boot <> 0", key)
            try db.run("UPDATE digest_list SET boot = 0 WHERE transfer = ?1 AND boot <> 0", key)
        }
    }

    package func isDurable(_ id: TransferID) async throws -> Bool {
        let chunks = try await unsyncedChunks(of: id, from: 0, limit: 1)
        let entries = try await unsyncedEntries(of: id, from: 0, limit: 1)
        return chunks.isEmpty && entries.isEmpty
    }

    /// Finished entries from number `first` on that are not known to have reached the disk, ascending, at most `limit`.
    package func unsyncedEntries(of id: TransferID, from first: UInt64, limit: Int) async throws -> [ReceivedEntry] {
        try await read { db in
            try db.rows(
                """
                SELECT \(ReceivedEntry.columns) FROM entry
                WHERE transfer = ?1 AND number >= ?2 AND state = 3 AND durable = 0 ORDER BY number LIMIT ?3
                """,
                .int(try TransferHead(db, id).key), .bound(first), .int(Int64(max(0, limit))),
                read: ReceivedEntry.init)
        }
    }
}
