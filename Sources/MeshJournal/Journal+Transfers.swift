import GRDB
package import MeshTransfer
package import MeshWire

// TransferJournal: transfers.
extension Journal {
    package func create(_ record: TransferRecord) async throws {
        try await write { db in
            let exists = try db.row("SELECT 1 FROM transfer WHERE id = ?1", .text(record.id.description)) { _ in true }
            guard exists == nil else { throw JournalError.transferExists(record.id) }
            let sql = """
                INSERT INTO transfer (id, direction, peer, code, roots, state, entries, files, chunks, bytes, allocated,
                    manifest_complete, options, created, updated, message)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
                """
            try Query(db, sql).run(try record.values())
        }
    }

    package func transfer(_ id: TransferID) async throws -> TransferRecord? {
        try await read { db in try Self.transfer(db, id) }
    }

    static func transfer(_ db: Database, _ id: TransferID) throws -> TransferRecord? {
        try db.row(
            "SELECT \(TransferRecord.columns) FROM transfer WHERE id = ?1", .text(id.description),
            read: TransferRecord.init)
    }

    package func setState(_ state: TransferState, message: String?, of id: TransferID, at time: Int64) async throws {
        try await write { db in
            try Self.change(
                db, id, "UPDATE transfer SET state = ?2, message = ?3, updated = ?4, declined = 0 WHERE id = ?1",
                [.text(state.rawValue), .optional(message), .int(time)])
        }
    }

    /// The other side did not want the transfer; it can be offered again.
    package func setDeclined(_ message: String, of id: TransferID, at time: Int64) async throws {
        try await write { db in
            try Self.change(
                db, id, "UPDATE transfer SET state = 'active', message = ?2, updated = ?3, declined = 1 WHERE id = ?1",
                [.text(message), .int(time)])
        }
    }

    package func setPeer(_ peer: NodeID, of id: TransferID) async throws {
        try await write { db in
            try Self.change(db, id, "UPDATE transfer SET peer = ?2 WHERE id = ?1", [.text(peer.description)])
        }
    }

    /// Transfers that no peer ever came to, and whose codes open nothing any more: nothing can come of them.
    package func hopeless(at time: Int64) async throws -> [TransferID] {
        try await read { db in
            try db.rows(
                """
                SELECT transfer.id FROM transfer JOIN code ON code.tag = transfer.code
                WHERE transfer.id IS NOT NULL AND transfer.peer IS NULL AND transfer.direction = 'send'
                    AND transfer.state IN ('active', 'paused', 'failed', 'cancelled')
                    AND (code.state IN ('expired', 'burned') OR (code.state = 'unused' AND code.expires <= ?1))
                LIMIT 1000
                """, .int(time)
            ) { try $0.parsed(0, "transfer id") { TransferID($0) } }
        }
    }

    /// Runs an UPDATE whose first parameter is the transfer's name.
    static func change(_ db: Database, _ id: TransferID, _ sql: String, _ values: [Value]) throws {
        try Query(db, sql).run([.text(id.description)] + values)
        guard db.changesCount == 1 else { throw JournalError.unknownTransfer(id) }
    }
}
