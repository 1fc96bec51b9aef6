import GRDB
package import MeshWire

// Channels: a row for each epoch, so that the record tells every recovery.
extension Journal {
    /// A channel was opened, or moved to a new epoch: earlier epochs still open are closed with `recovered` as the reason.
    package func open(_ channel: ChannelRecord) async throws {
        try await write { db in
            try db.run(
                """
                UPDATE channel SET closed = ?3, reason = 'recovered' WHERE id = ?1 AND epoch < ?2 AND closed IS NULL
                """,
                .text(channel.id.description), .int(Int64(channel.epoch)), .int(channel.opened))
            try db.run(
                """
                INSERT INTO channel (id, epoch, peer, prime_set, lanes, opened, closed, reason)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                ON CONFLICT (id, epoch) DO UPDATE SET prime_set = excluded.prime_set, lanes = excluded.lanes
                """,
                .text(channel.id.description), .int(Int64(channel.epoch)), .text(channel.peer.description),
                .text(channel.primeSet), .int(Int64(channel.lanes)), .int(channel.opened), .optional(channel.closed),
                .optional(channel.reason))
        }
    }

    /// Closes what is open of a channel.
    package func close(channel id: ChannelID, reason: String, at time: Int64) async throws {
        try await write { db in
            try db.run(
                "UPDATE channel SET closed = ?2, reason = ?3 WHERE id = ?1 AND closed IS NULL",
                .text(id.description), .int(time), .text(reason))
        }
    }

    /// The last opened first, at most `limit`; with all peers where `peer` is nil.
    package func channels(peer: NodeID? = nil, limit: Int) async throws -> [ChannelRecord] {
        try await read { db in
            try db.rows(
                """
                SELECT id, epoch, peer, prime_set, lanes, opened, closed, reason FROM channel
                WHERE ?1 IS NULL OR peer = ?1 ORDER BY opened DESC, epoch DESC LIMIT ?2
                """,
                .optional(peer?.description), .int(Int64(max(0, limit))), read: ChannelRecord.init)
        }
    }
}

extension ChannelRecord {
    init(_ row: Columns) throws {
        self.init(
            id: try row.parsed(0, "channel id") { ChannelID($0) },
            epoch: UInt32(try row.int(1, "epoch", in: 0...Int64(UInt32.max))),
            peer: try row.parsed(2, "node") { NodeID($0) }, primeSet: try row.text(3, "prime set"),
            lanes: Int(try row.int(4, "count of lanes", in: 0...64)), opened: try row.int(5, "time"),
            closed: try row.optionalInt(6, "time"), reason: try row.optionalText(7, "reason"))
    }
}
