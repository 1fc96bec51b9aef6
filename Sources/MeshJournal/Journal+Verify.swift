import GRDB
package import MeshTransfer
package import MeshWire

/// A file that a transfer put in place.
package struct FinishedFile: Hashable, Sendable {
    package var transfer: TransferRecord
    package var entry: ReceivedEntry

    package init(transfer: TransferRecord, entry: ReceivedEntry) {
        self.transfer = transfer
        self.entry = entry
    }
}

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

    /// The file that stands at `path`, an absolute path, by the latest transfer that put one there.
    package func findFinishedFile(_ path: [UInt8]) async throws -> FinishedFile? {
        try await read { db in
            let transfers = try db.rows(
                """
                SELECT \(TransferRecord.columns) FROM transfer WHERE id IS NOT NULL AND direction = 'receive'
                    AND substr(roots, 1, length(roots) - 1) = substr(?1, 1, length(roots) - 1)
                ORDER BY created DESC, key DESC
                """, .bytes(path), read: TransferRecord.init)
            for transfer in transfers {
                guard let root = transfer.roots.first, let below = Self.path(path, below: root) else { continue }
                if let entry = try Self.finished(db, transfer.id, at: below) {
                    return FinishedFile(transfer: transfer, entry: entry)
                }
            }
            return nil
        }
    }

    /// Components of `path` below `root`, or nil where it does not lie below.
    private static func path(_ path: [UInt8], below root: [UInt8]) -> [UInt8]? {
        let slash = UInt8(ascii: "/")
        let folder = root.last == slash ? root : root + [slash]
        guard path.starts(with: folder), path.count > folder.count else { return nil }
        return Array(path.dropFirst(folder.count))
    }

    private static func finished(_ db: Database, _ id: TransferID, at path: [UInt8]) throws -> ReceivedEntry? {
        let slash = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        return try db.row(
            """
            SELECT \(ReceivedEntry.columns) FROM entry
            WHERE transfer = ?1 AND kind = 0 AND state = 3 AND (
                (final_name IS NULL AND path = ?2)
                OR (final_name = ?3 AND substr(path, 1, length(?4)) = ?4 AND instr(substr(path, length(?4) + 1), x'2f') = 0))
            ORDER BY number DESC LIMIT 1
            """,
            .int(try TransferHead(db, id).key), .bytes(path), .bytes(Array(path[slash...])),
            .bytes(Array(path[..<slash])), read: ReceivedEntry.init)
    }
}
