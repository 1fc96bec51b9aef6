import GRDB
package import MeshTransfer
package import MeshWire

// What was sent and received.
extension Journal {
    /// Transfers that `filter` lets through, the latest first.
    package func transfers(_ filter: HistoryFilter = HistoryFilter()) async throws -> [TransferRecord] {
        try await read { db in try Self.transfers(db, filter) }
    }

    static func transfers(_ db: Database, _ filter: HistoryFilter) throws -> [TransferRecord] {
        let (condition, values) = filter.condition()
        let sql = """
            SELECT \(TransferRecord.columns) FROM transfer WHERE \(condition)
            ORDER BY transfer.created DESC, transfer.key DESC LIMIT \(max(0, filter.limit))
            """
        var records: [TransferRecord] = []
        try Query(db, sql, isCached: false).forEach(values) {
            records.append(try TransferRecord($0))
            return true
        }
        return records
    }

    /// How many transfers `filter` lets through, whatever its limit.
    package func count(_ filter: HistoryFilter = HistoryFilter()) async throws -> UInt64 {
        try await read { db in
            let (condition, values) = filter.condition()
            var count: UInt64 = 0
            try Query(db, "SELECT count(*) FROM transfer WHERE \(condition)", isCached: false).forEach(values) { row in
                count = try row.number(0, "count of transfers")
                return false
            }
            return count
        }
    }

    /// Removes a transfer and all that is kept of it. Its name goes first, in a transaction of its own, so that nobody
    /// finds half of it; the rows follow, a bounded number to a transaction. What a crash leaves, `tidy` removes.
    package func forget(_ id: TransferID, at time: Int64) async throws {
        let key = try await write { db in
            let head = try TransferHead(db, id)
            if head.direction == .receive { try ForgottenTransfers.add(db, id, at: time) }
            try db.run("UPDATE transfer SET id = NULL, state = 'cancelled' WHERE key = ?1", .int(head.key))
            return head.key
        }
        try await remove(key)
    }

    /// Finishes what crashes left: transfers half removed, and chunk rows of finished transfers not yet folded. Costs
    /// nothing where there are none; to be called once in a while by whoever lives long.
    package func tidy() async throws {
        let (nameless, unfolded) = try await read { db in
            let nameless = try db.rows("SELECT key FROM transfer WHERE id IS NULL LIMIT 1000") {
                try $0.int(0, "transfer key")
            }
            let unfolded = try db.rows(
                """
                SELECT id FROM transfer WHERE id IS NOT NULL AND state IN ('done', 'partial')
                    AND EXISTS (SELECT 1 FROM chunk WHERE chunk.transfer = transfer.key) LIMIT 1000
                """
            ) { try $0.parsed(0, "transfer id") { TransferID($0) } }
            return (nameless, unfolded)
        }
        for key in nameless { try await remove(key) }
        for id in unfolded { try await fold(id) }
    }

    private func remove(_ key: Int64) async throws {
        for (table, column) in [("chunk", "number"), ("digest_list", "first"), ("entry", "number")] {
            // The last of the lowest rows bounds each step; a DELETE itself takes no limit.
            let sql = """
                DELETE FROM \(table) WHERE transfer = ?1 AND \(column) <= (SELECT max(\(column)) FROM
                    (SELECT \(column) FROM \(table) WHERE transfer = ?1 ORDER BY \(column) LIMIT 10000))
                """
            while try await write({ db in try db.run(sql, .int(key)) }) > 0 {}
        }
        // Retries, receipt and lock go with it.
        try await write { db in try db.run("DELETE FROM transfer WHERE key = ?1 AND id IS NULL", .int(key)) }
    }
}
