import GRDB
package import MeshWire

// Nodes met, and meshes joined.
extension Journal {
    /// Adds a peer, or brings what is known of it up to date: what is nil in `peer` stays, the first time it was seen stays.
    package func upsert(_ peer: PeerRecord) async throws {
        try await write { db in
            try db.run(
                """
                INSERT INTO peer (node, name, public_key, address, first_seen, last_seen, label)
                VALUES (?1, ?2, ?3, ?4, ?5, max(?5, ?6), ?7)
                ON CONFLICT (node) DO UPDATE SET name = coalesce(excluded.name, name),
                    label = coalesce(excluded.label, label),
                    public_key = coalesce(excluded.public_key, public_key), address = coalesce(excluded.address, address),
                    last_seen = max(last_seen, excluded.last_seen)
                """,
                .text(peer.node.description), .optional(peer.name), .optional(peer.publicKey), .optional(peer.address),
                .int(peer.firstSeen), .int(peer.lastSeen),
                .optional(peer.label))
        }
    }

    /// Notes that a peer was reached, at `address` where that is known.
    package func see(_ node: NodeID, address: String? = nil, at time: Int64) async throws {
        try await upsert(PeerRecord(node: node, address: address, firstSeen: time, lastSeen: time))
    }

    package func peer(_ node: NodeID) async throws -> PeerRecord? {
        try await read { db in try Self.peer(db, node) }
    }

    static func peer(_ db: Database, _ node: NodeID) throws -> PeerRecord? {
        try db.row(
            "SELECT \(PeerRecord.columns) FROM peer WHERE node = ?1", .text(node.description), read: PeerRecord.init)
    }

    /// The last seen first, at most `limit`.
    package func peers(limit: Int) async throws -> [PeerRecord] {
        try await read { db in
            try db.rows(
                "SELECT \(PeerRecord.columns) FROM peer ORDER BY last_seen DESC, node LIMIT ?1",
                .int(Int64(max(0, limit))), read: PeerRecord.init)
        }
    }

    /// Adds a mesh, or replaces what is kept of it.
    package func upsert(_ mesh: MeshRecord) async throws {
        try await write { db in
            try db.run(
                """
                INSERT INTO mesh (authority, name, member, joined, parted) VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT (authority) DO UPDATE SET name = excluded.name, member = excluded.member,
                    joined = excluded.joined, parted = excluded.parted
                """,
                .digest(mesh.authority), .text(mesh.name), .text(mesh.member), .int(mesh.joined),
                .optional(mesh.parted))
        }
    }

    /// All meshes, the last joined first.
    package func meshes() async throws -> [MeshRecord] {
        try await read { db in
            try db.rows("SELECT authority, name, member, joined, parted FROM mesh ORDER BY joined DESC LIMIT 1000") {
                MeshRecord(
                    authority: try $0.digest(0, "authority"), name: try $0.text(1, "mesh name"),
                    member: try $0.text(2, "member name"), joined: try $0.int(3, "time"),
                    parted: try $0.optionalInt(4, "time"))
            }
        }
    }
}

extension PeerRecord {
    static let columns = "node, name, public_key, address, first_seen, last_seen, label"

    init(_ row: Columns) throws {
        self.init(
            node: try row.parsed(0, "node") { NodeID($0) }, name: try row.optionalText(1, "name"),
            label: try row.optionalText(6, "label"), publicKey: try row.optionalBytes(2, "public key", limit: 1024),
            address: try row.optionalText(3, "address"), firstSeen: try row.int(4, "time"),
            lastSeen: try row.int(5, "time"))
    }
}
