import GRDB
package import MeshTransfer
package import MeshWire

// TransferJournal: the manifest.
extension Journal {
    package func append(_ entries: [SourceEntry], to id: TransferID) async throws {
        let next = try await write { db in
            var append = try ManifestAppend(db, id, direction: .send)
            for entry in entries {
                guard entry.number == append.next else {
                    throw JournalError.refused("entry \(entry.number) of \(id.short) where \(append.next) is due")
                }
                try append.add(entry.manifest, identity: entry.identity)
            }
            try append.finish()
            return append.next
        }
        // Behind the commit: a sync that comes in between covers them and does not count them, which costs another.
        manifestMarks.appended(id, next)
    }

    package func setLength(_ size: UInt64, ofEntry number: UInt64, of id: TransferID) async throws {
        try await write { db in
            let head = try TransferHead(db, id)
            try head.require(.send, for: "lengths")
            try EntryLength(db, transfer: head.key).tell(size, entry: number)
        }
    }

    package func append(_ entries: [ManifestEntry], to id: TransferID) async throws {
        try await write { db in
            var append = try ManifestAppend(db, id, direction: .receive)
            for entry in entries { try append.add(entry, identity: nil) }
            try append.finish()
        }
    }

    package func setManifest(complete: Bool, of id: TransferID) async throws {
        try await write { db in
            try Self.change(db, id, "UPDATE transfer SET manifest_complete = ?2 WHERE id = ?1", [.flag(complete)])
        }
    }

    package func sourceEntries(of id: TransferID, from first: UInt64, limit: Int) async throws -> [SourceEntry] {
        try await read { db in
            let head = try TransferHead(db, id)
            try head.require(.send, for: "source entries")
            return try db.rows(
                "SELECT \(SourceEntry.columns) FROM entry WHERE transfer = ?1 AND number >= ?2 ORDER BY number LIMIT ?3",
                .int(head.key), .bound(first), .int(Int64(max(0, limit))), read: SourceEntry.init)
        }
    }

    package func sourceFiles(of id: TransferID, holding chunk: UInt64, limit: Int) async throws -> [SourceEntry] {
        try await read { db in
            let head = try TransferHead(db, id)
            try head.require(.send, for: "source files")
            return try db.rows(
                Self.sourceFilesQuery, .int(head.key), .bound(chunk), .int(Int64(max(0, limit))), read: SourceEntry.init
            )
        }
    }

    /// Starts at the last file that begins at or before the chunk, found by the index as the others are: two look-ups,
    /// however many entries there are.
    static let sourceFilesQuery = """
        SELECT \(SourceEntry.columns) FROM entry INDEXED BY entry_chunks
        WHERE transfer = ?1 AND chunks > 0 AND first_chunk + chunks > ?2 AND state <> 5
            AND first_chunk >= coalesce((SELECT max(first_chunk) FROM entry INDEXED BY entry_chunks
                WHERE transfer = ?1 AND chunks > 0 AND first_chunk <= ?2), 0)
        ORDER BY first_chunk LIMIT ?3
        """

    package func receivedEntries(of id: TransferID, from first: UInt64, limit: Int) async throws -> [ReceivedEntry] {
        try await received(of: id, first, limit, condition: "number >= ?2", order: "ASC")
    }

    package func receivedFolders(of id: TransferID, downFrom last: UInt64, limit: Int) async throws -> [ReceivedEntry] {
        let kind = EntryKind.folder.rawValue
        return try await received(of: id, last, limit, condition: "number <= ?2 AND kind = \(kind)", order: "DESC")
    }

    private func received(
        of id: TransferID, _ number: UInt64, _ limit: Int, condition: String, order: String
    ) async throws -> [ReceivedEntry] {
        try await read { db in
            let head = try TransferHead(db, id)
            try head.require(.receive, for: "received entries")
            return try db.rows(
                """
                SELECT \(ReceivedEntry.columns) FROM entry WHERE transfer = ?1 AND \(condition)
                ORDER BY number \(order) LIMIT ?3
                """,
                .int(head.key), .bound(number), .int(Int64(max(0, limit))), read: ReceivedEntry.init)
        }
    }

    package func withdrawnOrigin(at path: [UInt8], of id: TransferID) async throws -> FolderOrigin? {
        try await read { db in
            let sql = """
                SELECT folder_origin FROM entry INDEXED BY entry_withdrawn_folder
                WHERE transfer = ?1 AND state = 5 AND kind = 1 AND path = ?2 AND folder_origin IS NOT NULL
                ORDER BY number DESC LIMIT 1
                """
            return try db.row(sql, .int(try TransferHead(db, id).key), .bytes(path)) {
                try FolderOrigin(journaled: try $0.int(0, "folder's origin"))
            }
        }
    }

    package func withdrawnEntries(of id: TransferID) async throws -> NumberSet {
        try await read { db in
            let sql = "SELECT number FROM entry WHERE transfer = ?1 AND state = 5 ORDER BY number"
            let numbers = try db.rows(sql, .int(try TransferHead(db, id).key), read: ManifestEntry.number)
            return NumberSet(numbers: numbers)
        }
    }
}
