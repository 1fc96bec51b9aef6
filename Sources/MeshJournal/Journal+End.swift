import GRDB
package import MeshTransfer
package import MeshWire

// TransferJournal: the end.
extension Journal {
    package func noteSkipped(_ skipped: [SkipReason: NumberSet], of id: TransferID) async throws {
        try await write { db in
            let head = try TransferHead(db, id)
            // What was taken back for good may have come anew since that was last found out.
            if skipped[.changing] != nil {
                let clear = "UPDATE entry SET reason = NULL WHERE transfer = ?1 AND reason = ?2"
                try db.run(clear, .int(head.key), .int(Int64(SkipReason.changing.rawValue)))
            }
            // What the sender could not offer has a reason of its own.
            let sql = "UPDATE entry SET reason = ?4 WHERE transfer = ?1 AND number >= ?2 AND number < ?3 AND kind <> 4"
            let update = try Query(db, sql)
            for (reason, numbers) in skipped {
                for range in numbers.ranges {
                    try update.run([
                        .int(head.key), .bound(range.lowerBound), .bound(range.upperBound),
                        .int(Int64(reason.rawValue)),
                    ])
                }
            }
        }
    }

    package func complete(
        _ id: TransferID, state: TransferState, receipt: ReceiptRecord, at time: Int64
    ) async throws {
        guard state == .done || state == .partial else {
            throw JournalError.refused("the end of \(id.short) as \(state.rawValue)")
        }
        // For the history alone: what the receipt says was checked by those who signed it or verified its signature.
        let root = try? Receipt(reading: receipt.body).root
        try await write { db in
            let head = try TransferHead(db, id)
            try db.run(
                """
                INSERT INTO receipt (transfer, body, signature, public_key, root, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                ON CONFLICT (transfer) DO UPDATE SET body = excluded.body, signature = excluded.signature,
                    public_key = excluded.public_key, root = excluded.root, time = excluded.time
                """,
                .int(head.key), .bytes(receipt.body), .bytes(receipt.signature), .bytes(receipt.publicKey),
                root.map { .digest($0) } ?? .null, .int(time))
            try db.run(
                "UPDATE transfer SET state = ?2, updated = ?3, message = NULL WHERE key = ?1",
                .int(head.key), .text(state.rawValue), .int(time))
        }
        // From here on the transfer is over. Folding saves space and changes no answer, so that a full disk does not turn
        // a finished transfer into a failed one: `tidy` folds it another time.
        try? await fold(id)
    }

    package func receipt(of id: TransferID) async throws -> ReceiptRecord? {
        try await read { db in try Self.receipt(db, of: id) }
    }

    static func receipt(_ db: Database, of id: TransferID) throws -> ReceiptRecord? {
        try db.row(
            """
            SELECT body, signature, public_key FROM receipt JOIN transfer ON transfer.key = receipt.transfer
            WHERE transfer.id = ?1
            """, .text(id.description)
        ) { row in
            ReceiptRecord(
                body: try row.bytes(0, "receipt", limit: Limits.receipt),
                signature: try row.bytes(1, "signature", limit: 256),
                publicKey: try row.bytes(2, "public key", limit: 1024))
        }
    }

    /// Folds what chunk rows a finished transfer still has into digest lists, a batch to a transaction. May be cut off
    /// anywhere and repeated.
    package func fold(_ id: TransferID) async throws {
        let boot = boot
        var isMore = true
        while isMore {
            isMore = try await write { db in
                let head = try TransferHead(db, id)
                guard head.state == .done || head.state == .partial else { return false }
                return try DigestLists(db: db, transfer: head.key, boot: boot).fold()
            }
        }
    }
}
