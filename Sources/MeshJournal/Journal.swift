import Dispatch
import GRDB
import MeshTransfer
import Synchronization

/// A node's journal: an SQLite file that several processes may use at once.
///
/// WAL, so that readers never wait for a writer; one transaction for each call that changes something, so that a SIGKILL
/// loses nothing of what was answered; `wal_autocheckpoint` off, because a checkpoint inside a commit can hold up
/// acknowledgements for seconds: the syncer calls ``checkpoint()`` instead.
package final class Journal: Sendable {
    /// The journal's file.
    package let path: String
    private let connections: Connections
    /// What of the manifests is known to last.
    let manifestMarks = ManifestMarks()
    /// The last write waited for another process in vain.
    private let isImpatient = Mutex(false)

    /// Opens the journal at `path`, an absolute path, and makes it where there is none. `boot` names the machine's present
    /// boot (`/proc/sys/kernel/random/boot_id`). `durable` (`--fsync`): every commit reaches the disk before it returns.
    package convenience init(path: String, boot: String, durable: Bool = false) async throws {
        try await self.init(path: path, boot: boot, durable: durable, patience: Connections.usualPatience)
    }

    /// `patience`: seconds to wait for another process that writes.
    init(path: String, boot: String, durable: Bool = false, patience: Double) async throws {
        self.path = path
        connections = try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        try Connections.open(path: path, boot: boot, isDurable: durable, patience: patience)
                    })
            }
        }
    }

    /// The key of the present boot in chunk rows.
    var boot: Int64 { connections.boot }

    /// Closes all connections once what was asked before is done. The last process to close a journal empties its WAL.
    package func close() async throws {
        try await onQueue { connections in
            try connections.checkpointer.close()
            try connections.pool.close()
        }
    }

    /// Moves committed pages from the WAL into the file, as far as readers allow and without making anybody wait
    /// (PASSIVE). Answers how many pages the WAL has, and how many of them were moved.
    @discardableResult
    package func checkpoint() async throws -> (pages: Int, moved: Int) {
        try await onQueue { connections in
            try connections.checkpointer.inDatabase { db in
                do {
                    let result = try db.checkpoint(.passive)
                    return (pages: result.walFrameCount, moved: result.checkpointedFrameCount)
                } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                    // Another process is at it.
                    return (pages: 0, moved: 0)
                }
            }
        }
    }

    /// Runs `body` in one transaction that has the write lock from its first statement on. Carried out even where the
    /// asking task is cancelled: after a Ctrl-C, how things stand must still be written down.
    @discardableResult
    func write<Answer: Sendable>(_ body: @escaping @Sendable (Database) throws -> Answer) async throws -> Answer {
        try await inLine { db in
            var answer: Answer?
            try db.inTransaction(.immediate) {
                answer = try body(db)
                return .commit
            }
            guard let answer else { throw DamagedRow(what: "a transaction without an end") }
            return answer
        }
    }

    /// Runs `body` on the writer's connection, after what was asked of it before.
    func inLine<Answer: Sendable>(_ body: @escaping @Sendable (Database) throws -> Answer) async throws -> Answer {
        let path = path
        return try await withCheckedThrowingContinuation { [self] continuation in
            connections.pool.asyncWriteWithoutTransaction { [self] db in
                let answer = Result { try body(db) }.mapError { JournalError($0, path: path) }
                adjustPatience(db, after: answer)
                continuation.resume(with: answer)
            }
        }
    }

    private func adjustPatience<Answer>(_ db: Database, after result: Result<Answer, JournalError>) {
        var isLocked = false
        if case .failure(let error) = result { isLocked = error.isLocked }
        let wasLocked = isImpatient.withLock { flag in
            defer { flag = isLocked }
            return flag
        }
        guard wasLocked != isLocked else { return }
        let time = isLocked ? Connections.impatience : Int(connections.patience * 1_000)
        try? db.execute(sql: "PRAGMA busy_timeout = \(time)")
    }

    /// Runs `body` on a reader, over the file as the last commit left it.
    func read<Answer: Sendable>(_ body: @escaping @Sendable (Database) throws -> Answer) async throws -> Answer {
        let path = path
        return try await withCheckedThrowingContinuation { continuation in
            connections.pool.asyncRead { reader in
                let result = Result { try body(reader.get()) }
                continuation.resume(with: result.mapError { JournalError($0, path: path) })
            }
        }
    }

    private func onQueue<Answer: Sendable>(
        _ body: @escaping @Sendable (Connections) throws -> Answer
    ) async throws -> Answer {
        let connections = connections
        return try await offPool { try body(connections) }
    }

    /// Runs what blocks where it may.
    func offPool<Answer: Sendable>(_ body: @escaping @Sendable () throws -> Answer) async throws -> Answer {
        let path = path
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try body() }.mapError { JournalError($0, path: path) })
            }
        }
    }
}

extension Journal: TransferJournal {}
