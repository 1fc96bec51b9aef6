import GRDB
package import MeshWire

/// A process, told apart from a later one with the same number.
package struct ProcessIdentity: Hashable, Sendable {
    package var pid: Int32
    /// Clock ticks from boot to its start (field 22 of `/proc/PID/stat`).
    package var startTime: UInt64
    /// The boot in which both mean something.
    package var boot: String

    package init(pid: Int32, startTime: UInt64, boot: String) {
        self.pid = pid
        self.startTime = startTime
        self.boot = boot
    }
}

/// What belongs to one process at a time.
package enum LockSubject: Hashable, Sendable {
    case transfer(TransferID)
    /// The tag of a code, while its transfer is awaited here and asked about.
    case code(Bytes16)
}

/// Whether a transfer or a code may be worked with.
package enum LockAnswer: Hashable, Sendable {
    case acquired
    /// This process works with it.
    case heldBy(ProcessIdentity)
}

// Several commands share a home; a transfer belongs to one process at a time, and so does a code that was typed here.
extension Journal {
    /// Takes a lock, from a process that is gone where there is one: looking and taking are one transaction. A holder may
    /// take it again. `isAlive` is asked inside the transaction and must be quick.
    package func acquireLock(
        of subject: LockSubject, for holder: ProcessIdentity, isAlive: @escaping @Sendable (ProcessIdentity) -> Bool
    ) async throws -> LockAnswer {
        try await write { db in
            let row = try LockRow(db, subject)
            if let present = try row.holder(db), present != holder, isAlive(present) { return .heldBy(present) }
            try row.hold(db, holder)
            return .acquired
        }
    }

    /// Gives the lock back; nothing happens where another process holds it.
    package func releaseLock(of subject: LockSubject, by holder: ProcessIdentity) async throws {
        try await write { db in
            let row = try LockRow(db, subject)
            if try row.holder(db) == holder { try row.free(db) }
        }
    }

    /// Who holds the lock, alive or not.
    package func lockHolder(of subject: LockSubject) async throws -> ProcessIdentity? {
        try await read { db in try LockRow(db, subject).holder(db) }
    }
}

/// Where a lock is kept.
struct LockRow {
    private let table: String
    private let column: String
    private let key: Value

    /// Throws where there is no such transfer.
    init(_ db: Database, _ subject: LockSubject) throws {
        switch subject {
        case .transfer(let id): self.init(transfer: try TransferHead(db, id).key)
        case .code(let tag): self.init(table: "code_lock", column: "code", key: .bytes(tag.array))
        }
    }

    /// `key`: a transfer's row.
    init(transfer key: Int64) { self.init(table: "transfer_lock", column: "transfer", key: .int(key)) }

    private init(table: String, column: String, key: Value) {
        self.table = table
        self.column = column
        self.key = key
    }

    func holder(_ db: Database) throws -> ProcessIdentity? {
        try db.row("SELECT pid, start_time, boot FROM \(table) WHERE \(column) = ?1", key) { row in
            ProcessIdentity(
                pid: Int32(try row.int(0, "process", in: 1...Int64(Int32.max))),
                startTime: try row.number(1, "start time"), boot: try row.text(2, "boot"))
        }
    }

    fileprivate func hold(_ db: Database, _ holder: ProcessIdentity) throws {
        try db.run(
            """
            INSERT INTO \(table) (\(column), pid, start_time, boot) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (\(column)) DO UPDATE
                SET pid = excluded.pid, start_time = excluded.start_time, boot = excluded.boot
            """,
            key, .int(Int64(holder.pid)), try .number(holder.startTime, "a start time"), .text(holder.boot))
    }

    fileprivate func free(_ db: Database) throws {
        try db.run("DELETE FROM \(table) WHERE \(column) = ?1", key)
    }
}
