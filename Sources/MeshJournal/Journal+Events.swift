import GRDB
package import MeshTransfer
package import MeshWire

/// Something that happened to the node.
package struct EventRecord: Hashable, Sendable {
    /// What, for programs: such as `peer-joined`; at most 64 characters.
    package var kind: String
    /// The node, channel or transfer concerned, as its text; may be empty.
    package var subject: String
    /// A sentence for people.
    package var message: String
    /// Nanoseconds since 1970.
    package var time: Int64

    package init(kind: String, subject: String, message: String, time: Int64) {
        self.kind = kind
        self.subject = subject
        self.message = message
        self.time = time
    }
}

/// A chat line.
package struct MessageRecord: Hashable, Sendable {
    /// The other side.
    package var peer: NodeID
    package var direction: TransferDirection
    /// At most 65,536 characters.
    package var body: String
    /// Nanoseconds since 1970, by its writer's clock.
    package var time: Int64
    /// The other side has it.
    package var isDelivered: Bool

    package init(peer: NodeID, direction: TransferDirection, body: String, time: Int64, isDelivered: Bool) {
        self.peer = peer
        self.direction = direction
        self.body = body
        self.time = time
        self.isDelivered = isDelivered
    }
}

extension Journal {
    /// Events kept: older ones make room.
    package static let eventLimit = 10_000

    /// Adds an event; a text beyond its limit is cut off, because an event must never be the reason for an error.
    package func append(_ event: EventRecord) async throws {
        try await write { db in
            try db.run(
                "INSERT INTO event (kind, subject, message, time) VALUES (?1, ?2, ?3, ?4)",
                .text(Self.cut(event.kind, 64)), .text(Self.cut(event.subject, 512)),
                .text(Self.cut(event.message, 4_096)), .int(event.time))
            try db.run(
                "DELETE FROM event WHERE key <= (SELECT max(key) FROM event) - ?1", .int(Int64(Self.eventLimit)))
        }
    }

    /// By scalars, which is what SQLite counts.
    private static func cut(_ text: String, _ limit: Int) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))
    }

    /// The latest first, at most `limit`; of all kinds where `kind` is nil.
    package func events(kind: String? = nil, limit: Int) async throws -> [EventRecord] {
        try await read { db in
            try db.rows(
                """
                SELECT kind, subject, message, time FROM event WHERE ?1 IS NULL OR kind = ?1
                ORDER BY key DESC LIMIT ?2
                """, .optional(kind), .int(Int64(max(0, limit)))
            ) {
                EventRecord(
                    kind: try $0.text(0, "kind"), subject: try $0.text(1, "subject"),
                    message: try $0.text(2, "message"), time: try $0.int(3, "time"))
            }
        }
    }

    /// Adds a chat line and answers its key, by which it is marked as delivered.
    @discardableResult
    package func append(_ message: MessageRecord) async throws -> Int64 {
        try await write { db in
            try db.run(
                "INSERT INTO message (peer, direction, body, time, delivered) VALUES (?1, ?2, ?3, ?4, ?5)",
                .text(message.peer.description), .text(message.direction.rawValue), .text(message.body),
                .int(message.time), .flag(message.isDelivered))
            return db.lastInsertedRowID
        }
    }

    package func markDelivered(message key: Int64) async throws {
        try await write { db in try db.run("UPDATE message SET delivered = 1 WHERE key = ?1", .int(key)) }
    }

    /// Chat lines with a peer, the latest first, at most `limit`; with all peers where `peer` is nil.
    package func messages(peer: NodeID? = nil, limit: Int) async throws -> [MessageRecord] {
        try await read { db in
            try db.rows(
                """
                SELECT peer, direction, body, time, delivered FROM message WHERE ?1 IS NULL OR peer = ?1
                ORDER BY key DESC LIMIT ?2
                """, .optional(peer?.description), .int(Int64(max(0, limit)))
            ) {
                MessageRecord(
                    peer: try $0.parsed(0, "node") { NodeID($0) },
                    direction: try $0.parsed(1, "direction", TransferDirection.init),
                    body: try $0.text(2, "message"), time: try $0.int(3, "time"),
                    isDelivered: try $0.flag(4, "delivered mark"))
            }
        }
    }
}
