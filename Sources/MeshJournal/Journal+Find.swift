import GRDB
package import MeshTransfer
package import MeshWire

// Finding the transfer that a repeated command means.
extension Journal {
    /// The latest transfer under this code that can go on: active, paused or failed.
    package func findTransfer(direction: TransferDirection, code: Bytes16) async throws -> TransferRecord? {
        try await latest(direction, "code = ?2", .bytes(code.array), states: Self.unfinished)
    }

    /// The latest transfer with these roots that can go on; with any peer where `peer` is nil.
    package func findTransfer(
        direction: TransferDirection, peer: NodeID?, roots: [[UInt8]]
    ) async throws -> TransferRecord? {
        try await latest(direction, peer: peer, roots: roots, states: Self.unfinished)
    }

    /// The latest transfer under this code that ended with a receipt.
    package func findFinished(direction: TransferDirection, code: Bytes16) async throws -> TransferRecord? {
        try await latest(direction, "code = ?2", .bytes(code.array), states: Self.finished)
    }

    /// The latest transfer with these roots that ended with a receipt; with any peer where `peer` is nil.
    package func findFinished(
        direction: TransferDirection, peer: NodeID?, roots: [[UInt8]]
    ) async throws -> TransferRecord? {
        try await latest(direction, peer: peer, roots: roots, states: Self.finished)
    }

    /// At most `limit` transfers whose ids begin like this, in the order of their ids.
    package func findTransfers(beginning: String, limit: Int) async throws -> [TransferRecord] {
        try await read { db in
            // By range, so that the index is used; `~` sorts behind every digit of base 32.
            try db.rows(
                "SELECT \(TransferRecord.columns) FROM transfer WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT ?2",
                .text(beginning), .int(Int64(max(0, limit))), read: TransferRecord.init)
        }
    }

    private static let unfinished = "state IN ('active', 'paused', 'failed')"
    private static let finished = "state IN ('done', 'partial')"

    private func latest(
        _ direction: TransferDirection, peer: NodeID?, roots: [[UInt8]], states: String
    ) async throws -> TransferRecord? {
        try await latest(
            direction, "(?2 IS NULL OR peer = ?2) AND roots = ?3", .optional(peer?.description),
            .bytes(try TransferRecord.joined(roots)), states: states)
    }

    private func latest(
        _ direction: TransferDirection, _ condition: String, _ values: Value..., states: String
    ) async throws -> TransferRecord? {
        try await read { db in
            var found: TransferRecord?
            let sql = """
                SELECT \(TransferRecord.columns) FROM transfer
                WHERE id IS NOT NULL AND direction = ?1 AND \(condition) AND \(states)
                ORDER BY created DESC, key DESC LIMIT 1
                """
            try Query(db, sql).forEach([.text(direction.rawValue)] + values) {
                found = try TransferRecord($0)
                return false
            }
            return found
        }
    }
}
