import GRDB
package import MeshTransfer
package import MeshWire

// TransferJournal: chunks.
extension Journal {
    package func commit(_ group: CommitGroup, to id: TransferID) async throws {
        let boot = boot
        try await write { db in
            let head = try TransferHead(db, id)
            try head.require(.receive, for: "chunks")
            let rows = ChunkRows(db: db, transfer: head.key, boot: boot)
            try rows.put(group.chunks, below: head.totals.chunks, isAcknowledged: false)
            let update = try EntryChange.update(db)
            for (number, change) in try EntryChange.all(of: group) {
                try update.run(change.values(transfer: head.key, number: number))
                guard db.changesCount == 1 else { throw Self.unknown(entry: number, id) }
            }
            let lengths = try EntryLength(db, transfer: head.key)
            for (number, size) in group.lengths { try lengths.tell(size, entry: number) }
            for retry in group.retries { try retry.insert(db, transfer: head.key) }
            if !group.retries.isEmpty { try Self.dropOldRetries(db, transfer: head.key) }
        }
    }

    package func acknowledge(_ chunks: [ChunkRecord], of id: TransferID) async throws {
        let boot = boot
        try await write { db in
            let head = try TransferHead(db, id)
            try head.require(.send, for: "acknowledgements")
            let rows = ChunkRows(db: db, transfer: head.key, boot: boot)
            try rows.put(chunks, below: head.totals.chunks, isAcknowledged: true)
        }
    }

    package func chunks(of id: TransferID, in range: Range<UInt64>, limit: Int) async throws -> [ChunkRecord] {
        let boot = boot
        return try await read { db in
            try Self.held(db, transfer: try TransferHead(db, id).key, boot: boot, in: range, limit: limit)
        }
    }

    /// Rows and folded rows alike; where a chunk is in both, the row is the later word.
    static func held(
        _ db: Database, transfer: Int64, boot: Int64, in range: Range<UInt64>, limit: Int
    ) throws -> [ChunkRecord] {
        let rows = try ChunkRows(db: db, transfer: transfer, boot: boot).held(in: range, limit: limit)
        let folded = try DigestLists(db: db, transfer: transfer, boot: boot).held(in: range, limit: limit)
        if folded.isEmpty { return rows }
        if rows.isEmpty { return folded }
        var merged: [ChunkRecord] = []
        var (row, list) = (rows[...], folded[...])
        while merged.count < limit, !row.isEmpty || !list.isEmpty {
            let (early, late) = (row.first?.number ?? .max, list.first?.number ?? .max)
            merged.append(contentsOf: early <= late ? row.prefix(1) : list.prefix(1))
            if late <= early { list = list.dropFirst() }
            if early <= late { row = row.dropFirst() }
        }
        return merged
    }

    package func forget(chunks: NumberSet, of id: TransferID) async throws {
        let boot = boot
        try await write { db in
            let head = try TransferHead(db, id)
            let rows = ChunkRows(db: db, transfer: head.key, boot: boot)
            let lists = DigestLists(db: db, transfer: head.key, boot: boot)
            for range in chunks.ranges {
                try rows.forget(range)
                try lists.cut(range)
            }
        }
    }

    package func markDurable(chunks: NumberSet, entries: [UInt64], of id: TransferID) async throws {
        let boot = boot
        try await write { db in
            let head = try TransferHead(db, id)
            let rows = ChunkRows(db: db, transfer: head.key, boot: boot)
            let lists = DigestLists(db: db, transfer: head.key, boot: boot)
            for range in chunks.ranges {
                try rows.markSynced(range)
                try lists.markSynced(range)
            }
            let mark = try Query(db, "UPDATE entry SET durable = 1 WHERE transfer = ?1 AND number = ?2")
            for number in entries {
                try mark.run([.int(head.key), .bound(number)])
                guard db.changesCount == 1 else { throw Self.unknown(entry: number, id) }
            }
        }
    }

    package func reopen(entry number: UInt64, of id: TransferID) async throws {
        try await write { db in
            let head = try TransferHead(db, id)
            let changed = try db.run(
                """
                UPDATE entry SET state = 0, part_device = NULL, part_inode = NULL, part_born = NULL, final_name = NULL,
                    durable = 0
                WHERE transfer = ?1 AND number = ?2 AND state <> 5
                """,
                .int(head.key), .bound(number))
            guard changed == 1 else {
                throw JournalError.refused("opening entry \(number) of \(id.short), which is withdrawn or unknown")
            }
        }
    }

    private static func unknown(entry number: UInt64, _ id: TransferID) -> JournalError {
        .refused("a change of entry \(number) of \(id.short), which is not in the manifest")
    }
}
