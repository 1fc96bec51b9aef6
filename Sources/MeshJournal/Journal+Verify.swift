import GRDB
package import MeshTransfer
package import MeshWire

// For `pmesh verify`: files on disk against the digests kept here.
extension Journal {
    /// Digests of a file's chunks in their order, from its `first` chunk (0 is the file's own first) on, at most `limit`.
    /// Fewer than there are chunks where some are not known.
    package func digests(of id: TransferID, entry number: UInt64, from first: UInt64 = 0, limit: Int) async throws
        -> [Digest]
    {
        let boot = boot
        return try await read { db in
            let key = try TransferHead(db, id).key
            let sql = "SELECT \(ManifestEntry.columns) FROM entry WHERE transfer = ?1 AND number = ?2"
            guard let entry = try db.row(sql, .int(key), .bound(number), read: ManifestEntry.init), entry.kind == .file
            else { throw JournalError.refused("digests of entry \(number) of \(id.short), which is no file") }
            let chunks = FilePlan(entry: number, manifest: entry).chunks.dropFirst(Int(clamping: first))
            guard let start = chunks.first, let last = chunks.last else { return [] }
            let records = try Self.held(db, transfer: key, boot: boot, in: start..<last + 1, limit: limit)
            // A gap ends the answer: a digest must never be taken for that of another chunk.
            return zip(records, start...).prefix { $0.number == $1 }.map(\.0.digest)
        }
    }

    /// Transfers that put files in place or that sent them, at most `limit`, those that changed last first; those behind
    /// `last`, where there was a page before. Of an unfinished transfer a sender does not know what the receiver has.
    package func transfersThatMoved(behind last: TransferRecord? = nil, limit: Int) async throws -> [TransferRecord] {
        try await read { db in
            try db.rows(
                """
                SELECT \(TransferRecord.columns) FROM transfer
                WHERE id IS NOT NULL AND (direction = 'receive' OR state IN ('done', 'partial'))
                    AND (?1 IS NULL OR (updated, id) < (?1, ?2))
                ORDER BY updated DESC, id DESC LIMIT ?3
                """,
                .optional(last?.updated), .optional(last?.id.description), .int(Int64(max(0, limit))),
                read: TransferRecord.init)
        }
    }
}
