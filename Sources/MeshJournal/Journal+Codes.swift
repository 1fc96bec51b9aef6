import GRDB
package import MeshWire

// One-time codes. Several processes may meet one code at the same moment: each call is one transaction with the write
// lock, so that of two first handshakes one pins.
extension Journal {
    package func insert(_ code: CodeRecord) async throws {
        try await write { db in
            guard try Self.code(db, code.tag) == nil else {
                throw JournalError.refused("a code whose tag is there already")
            }
            try db.run(
                """
                INSERT INTO code (tag, master, role, state, created, expires, attempts, peer, peer_key, resume_secret,
                    text)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                """,
                .bytes(code.tag.array), .digest(code.master), .text(code.role.rawValue), .text(code.state.rawValue),
                .int(code.created), .int(code.expires), .int(Int64(code.attempts)),
                .optional(code.pin?.peer.description), .optional(code.pin?.publicKey),
                code.pin.map { .digest($0.resumeSecret) } ?? .null, .optional(code.text))
        }
    }

    package func code(_ tag: Bytes16) async throws -> CodeRecord? {
        try await read { db in try Self.code(db, tag) }
    }

    /// The code that a transfer runs under, or nil.
    package func code(of id: TransferID) async throws -> CodeRecord? {
        try await read { db in
            try db.row(
                """
                SELECT \(CodeRecord.columns) FROM code JOIN transfer ON transfer.code = code.tag WHERE transfer.id = ?1
                """, .text(id.description), read: CodeRecord.init)
        }
    }

    /// The latest codes first, at most `limit`; all states where `state` is nil.
    package func codes(state: CodeState? = nil, limit: Int) async throws -> [CodeRecord] {
        try await read { db in
            try db.rows(
                """
                SELECT \(CodeRecord.columns) FROM code WHERE ?1 IS NULL OR code.state = ?1
                ORDER BY code.created DESC LIMIT ?2
                """,
                .optional(state?.rawValue), .int(Int64(max(0, limit))), read: CodeRecord.init)
        }
    }

    /// Ties an unused code to a pair of nodes, and answers it. Doing so again with the same pin changes nothing; any other
    /// pin, and a code that is no longer open, is refused. Whether a code has expired says the clock of its issuer, who has
    /// let this pair in: a claimant's may have been wrong.
    @discardableResult
    package func pin(code tag: Bytes16, _ pin: CodeRecord.Pin) async throws -> CodeRecord {
        try await write { db in
            guard var code = try Self.code(db, tag) else { throw JournalError.refused("pinning an unknown code") }
            if code.state == .pinned && code.pin == pin { return code }
            guard code.state == .unused || code.state == .expired && code.role == .claimant else {
                throw JournalError.refused("pinning a code that is \(code.state.rawValue)")
            }
            try db.run(
                """
                UPDATE code SET state = 'pinned', peer = ?2, peer_key = ?3, resume_secret = ?4, text = NULL
                WHERE tag = ?1
                """,
                .bytes(tag.array), .text(pin.peer.description), .bytes(pin.publicKey), .digest(pin.resumeSecret))
            code.state = .pinned
            code.pin = pin
            code.text = nil
            return code
        }
    }

    /// Counts a failed attempt and answers how many there were; an unused code burns with attempt number `limit`.
    @discardableResult
    package func countAttempt(code tag: Bytes16, burnAt limit: Int) async throws -> Int {
        try await write { db in
            try db.run(
                """
                UPDATE code SET attempts = attempts + 1,
                    state = CASE WHEN state = 'unused' AND attempts + 1 >= ?2 THEN 'burned' ELSE state END
                WHERE tag = ?1
                """, .bytes(tag.array), .int(Int64(limit)))
            guard let code = try Self.code(db, tag) else { throw JournalError.refused("an attempt at an unknown code") }
            return code.attempts
        }
    }

    package func setState(_ state: CodeState, ofCode tag: Bytes16) async throws {
        try await write { db in
            let sql = "UPDATE code SET state = ?2, text = NULL WHERE tag = ?1"
            guard try db.run(sql, .bytes(tag.array), .text(state.rawValue)) == 1 else {
                throw JournalError.refused("the state of an unknown code")
            }
        }
    }

    /// Marks unused codes whose time is over; answers how many.
    @discardableResult
    package func expireCodes(at time: Int64) async throws -> Int {
        try await write { db in
            try db.run(
                "UPDATE code SET state = 'expired', text = NULL WHERE state = 'unused' AND expires <= ?1", .int(time))
        }
    }

    static func code(_ db: Database, _ tag: Bytes16) throws -> CodeRecord? {
        try db.row(
            "SELECT \(CodeRecord.columns) FROM code WHERE tag = ?1", .bytes(tag.array), read: CodeRecord.init)
    }
}

extension CodeRecord {
    static let columns = """
        code.tag, code.master, code.role, code.state, code.created, code.expires, code.attempts, code.peer, code.peer_key, \
        code.resume_secret, code.text
        """

    init(_ row: Columns) throws {
        self.init(
            tag: try row.bytes16(0, "code tag"), master: try row.digest(1, "code secret"),
            role: try row.parsed(2, "code role", CodeRole.init), state: try row.parsed(3, "code state", CodeState.init),
            created: try row.int(4, "time"), expires: try row.int(5, "time"),
            attempts: Int(try row.number(6, "count of attempts", limit: UInt64(UInt32.max))))
        text = try row.optionalText(10, "code")
        guard !row.isNull(7) else {
            guard state != .pinned else { throw DamagedRow(what: "a pinned code without its peer") }
            return
        }
        pin = Pin(
            peer: try row.parsed(7, "node") { NodeID($0) }, publicKey: try row.bytes(8, "public key", limit: 1024),
            resumeSecret: try row.digest(9, "resume secret"))
    }
}
