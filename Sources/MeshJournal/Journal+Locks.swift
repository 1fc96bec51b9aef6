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

/// Whether a transfer may be worked on.
package enum LockAnswer: Hashable, Sendable {
    case acquired
    /// This process works on it.
    case heldBy(ProcessIdentity)
}

// Several commands share a home; a transfer belongs to one process at a time.
extension Journal {
    /// Takes the lock of a transfer, from a process that is gone where there is one: looking and taking are one transaction.
    /// A holder may take it again. `isAlive` is asked inside the transaction and must be quick.
    package func acquireLock(
        of id: TransferID, for holder: ProcessIdentity, isAlive: @escaping @Sendable (ProcessIdentity) -> Bool
    ) async throws -> LockAnswer {
        try await write { db in
            let key = try TransferHead(db, id).key
            if let present = try Self.holder(db, key), present != holder, isAlive(present) { return .heldBy(present) }
            try db.run(
                """
                INSERT INTO transfer_lock (transfer, pid, start_time, boot) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (transfer) DO UPDATE
                    SET pid = excluded.pid, start_time = excluded.start_time, boot = excluded.boot
                """,
                .int(key), .int(Int64(holder.pid)), try .number(holder.startTime, "a start time"), .text(holder.boot))
            return .acquired
        }
    }

    /// Gives the lock back; nothing happens where another process holds it.
    package func releaseLock(of id: TransferID, by holder: ProcessIdentity) async throws {
        try await write { db in
            let key = try TransferHead(db, id).key
            guard try Self.holder(db, key) == holder else { return }
            try db.run("DELETE FROM transfer_lock WHERE transfer = ?1", .int(key))
        }
    }

    /// Who holds the lock, alive or not.
    package func lockHolder(of id: TransferID) async throws -> ProcessIdentity? {
        try await read { db in try Self.holder(db, try TransferHead(db, id).key) }
    }

    static func holder(_ db: Database, _ key: Int64) throws -> ProcessIdentity? {
        try db.row("SELECT pid, start_time, boot FROM transfer_lock WHERE transfer = ?1", .int(key)) { row in
            ProcessIdentity(
                pid: Int32(try row.int(0, "process", in: 1...Int64(Int32.max))),
                startTime: try row.number(1, "start time"), boot: try row.text(2, "boot"))
        }
    }
}
