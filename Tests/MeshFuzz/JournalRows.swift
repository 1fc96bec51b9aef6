import Foundation
import GRDB
import MeshJournal
import MeshTransfer
import MeshWire

/// A journal filled by its own calls, whose rows are then overwritten past its schema's checks, read, and put back.
final class JournalRows: Sendable {
    static let shared = Result { try JournalRows() }

    private let folder: URL
    private let journal: Journal
    private let plain: DatabaseQueue
    private let columns: [(table: String, column: String)]
    private let image: [UInt8]
    private static let transfers = [1, 2, 3].map {
        TransferID(Bytes16(repeatElement(UInt8($0), count: 16)) ?? Bytes16())
    }
    private static let node = NodeID(Bytes32(repeatElement(9, count: 32)) ?? Bytes32())

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "pmesh-fuzz-journal-\(getpid())")
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appending(path: "journal.sqlite").path
        try waiting {
            let journal = try await Journal(path: path, boot: "boot-a")
            try await Self.fill(journal)
            try await journal.close()
        }
        image = Array(try Data(contentsOf: URL(filePath: path)))
        plain = try Self.withoutChecks(path)
        columns = try plain.read { db in
            try ["transfer", "entry", "chunk", "digest_list", "retry", "receipt", "code", "peer", "channel", "mesh"]
                .flatMap { table in try db.columns(in: table).map { (table, $0.name) } }
        }
        journal = try waiting { try await Journal(path: path, boot: "boot-a") }
    }

    /// For the end of a process: the folder with both files.
    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// The same tables without types and checks, and a copy of each to put back.
    private static func withoutChecks(_ path: String) throws -> DatabaseQueue {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA writable_schema = ON")
            try db.execute(
                sql:
                    "UPDATE sqlite_schema SET sql = replace(replace(sql, ') STRICT, WITHOUT', ') WITHOUT'), ') STRICT', ')')"
            )
            try db.execute(sql: "PRAGMA writable_schema = RESET; ATTACH ':memory:' AS kept")
            for table in try String.fetchAll(db, sql: "SELECT name FROM main.sqlite_schema WHERE type = 'table'")
            where !table.hasPrefix("sqlite_") {
                try db.execute(sql: "CREATE TABLE kept.\(table) AS SELECT * FROM main.\(table)")
            }
            try db.execute(
                sql: "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; PRAGMA main.synchronous = OFF")
        }
        return queue
    }

    // MARK: one input

    func damage(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        try plain.writeWithoutTransaction { db in
            try db.inTransaction {
                for _ in 0..<4 where rest.count > 1 {
                    let (table, column) = columns[Int(rest.removeFirst()) % columns.count]
                    let value = Self.value(&rest)
                    // A value that a key refuses is no damage that a file could have.
                    _ = try? db.execute(sql: "UPDATE main.\(table) SET \(column) = ?", arguments: [value])
                }
                return .commit
            }
        }
    }

    private static func value(_ rest: inout ArraySlice<UInt8>) -> DatabaseValue {
        func take(_ count: Int) -> [UInt8] {
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        switch (rest.popFirst() ?? 0) % 6 {
        case 0: return Int64(bitPattern: take(8).reduce(0) { $0 << 8 | UInt64($1) }).databaseValue
        case 1: return Data(take(Int(rest.popFirst() ?? 0))).databaseValue
        case 2: return String(decoding: take(Int(rest.popFirst() ?? 0)), as: UTF8.self).databaseValue
        case 3: return .null
        case 4: return Int64(rest.popFirst() ?? 0).databaseValue
        default: return Data(count: Int(rest.popFirst() ?? 0) * 1_024).databaseValue
        }
    }

    func restore() {
        try? plain.writeWithoutTransaction { db in
            try db.inTransaction {
                for table in Set(columns.map(\.table)) {
                    try db.execute(
                        sql: "DELETE FROM main.\(table); INSERT INTO main.\(table) SELECT * FROM kept.\(table)")
                }
                return .commit
            }
        }
    }

    /// Every call that reads; what cannot be read is damaged, refused or unknown, and never anything else.
    func readAll() throws {
        let journal = journal
        let answers = try waiting { await Self.readAll(journal) }
        try Self.judge(answers)
    }

    func readDamagedFile(_ damage: (inout [UInt8]) -> Void) throws {
        var bytes = image
        damage(&bytes)
        let copy = folder.appending(path: "damaged.sqlite")
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: copy.path + suffix) }
        try Data(bytes).write(to: copy)
        let answers = try waiting {
            do {
                let journal = try await Journal(path: copy.path, boot: "boot-a")
                let answers = await Self.readAll(journal)
                try await journal.close()
                return answers
            } catch { return [error] }
        }
        try Self.judge(answers)
    }

    private static func judge(_ errors: [any Error]) throws {
        for error in errors {
            guard let error = error as? JournalError else {
                throw BrokenPromise("a damaged journal says so (\(error))")
            }
            switch error {
            case .corrupt, .refused, .unknownTransfer, .notAJournal, .newer, .failed: continue
            default: throw BrokenPromise("a damaged journal is told from other trouble (\(error))")
            }
        }
        if let first = errors.first { throw first }
    }

    // MARK: what is in it, and who reads it

    private static func fill(_ journal: Journal) async throws {
        var totals = ManifestTotals()
        let sizes: [UInt64] = [300_000, 0, 1, 700_000]
        let entries = sizes.enumerated().map { index, size in
            let entry = ManifestEntry(
                kind: .file, path: Array("folder/f\(index)".utf8), size: size, allocated: size, mode: 0o644, seconds: 5,
                firstChunk: totals.chunks)
            _ = totals.add(entry)
            return entry
        }
        let tag = Bytes16(repeatElement(1, count: 16)) ?? Bytes16()
        try await journal.insert(CodeRecord(tag: tag, master: Bytes32(), role: .issuer, created: 1, expires: 2))
        try await journal.pin(code: tag, .init(peer: node, publicKey: [1], resumeSecret: Bytes32()))
        try await journal.upsert(
            PeerRecord(node: node, name: "ada", publicKey: [1], address: "a:1", firstSeen: 1, lastSeen: 2))
        try await journal.upsert(MeshRecord(authority: Bytes32(), name: "plain", member: "ada", joined: 1))
        try await journal.open(
            ChannelRecord(id: ChannelID(tag), epoch: 1, peer: node, primeSet: "standard", lanes: 4, opened: 1))
        let chunks = (0..<totals.chunks - 1).map { ChunkRecord(number: $0, digest: Bytes32()) }
        for (index, id) in transfers.enumerated() {
            let direction: TransferDirection = index == 0 ? .send : .receive
            try await journal.create(
                TransferRecord(
                    id: id, direction: direction, peer: node, code: tag, roots: [Array("/data".utf8)],
                    options: Array("{}".utf8), created: 1, updated: 1))
            guard direction == .receive else {
                let identity = SourceIdentity(device: 1, inode: 2, changed: 3)
                try await journal.append(
                    entries.enumerated().map { SourceEntry(number: UInt64($0), manifest: $1, identity: identity) },
                    to: id)
                try await journal.acknowledge(chunks, of: id)
                continue
            }
            try await journal.append(entries, to: id)
            var group = CommitGroup()
            group.chunks = chunks
            group.parts = [0: PartIdentity(device: 1, inode: 2, born: 3)]
            group.ended = [EndedEntry(number: 1, state: .finished, finalName: Array("f1 (1)".utf8))]
            group.retries = [RetryRecord(subject: .chunk(1), reason: "digest", time: 1)]
            try await journal.commit(group, to: id)
        }
        let receipt = ReceiptRecord(body: [1, 2, 3], signature: [4], publicKey: [5])
        try await journal.complete(transfers[2], state: .done, receipt: receipt, at: 1)
    }

    private static func readAll(_ journal: Journal) async -> [any Error] {
        var errors: [any Error] = []
        func read(_ body: () async throws -> Void) async {
            do { try await body() } catch { errors.append(error) }
        }
        for id in transfers {
            await read { _ = try await journal.transfer(id) }
            await read { _ = try await journal.progress(of: id) }
            await read { _ = try await journal.chunks(of: id, in: 0..<9, limit: 9) }
            await read { _ = try await journal.withdrawnEntries(of: id) }
            await read { _ = try await journal.receipt(of: id) }
            await read { _ = try await journal.retries(of: id, limit: 9) }
            await read { _ = try await journal.unsyncedChunks(of: id, from: 0, limit: 9) }
            await read { _ = try await journal.lockHolder(of: .transfer(id)) }
            for number in UInt64(0)..<4 {
                await read { _ = try await journal.digests(of: id, entry: number, limit: 9) }
            }
        }
        await read { try await readSource(journal, transfers[0]) }
        for id in transfers.dropFirst() { await read { try await readReceived(journal, id) } }
        await read { _ = try await journal.transfers() }
        await read { _ = try await journal.count() }
        await read { _ = try await journal.history() }
        await read { _ = try await journal.transfersThatMoved(limit: 9) }
        await read { _ = try await journal.findTransfer(direction: .receive, peer: node, roots: [Array("/data".utf8)]) }
        await read { _ = try await journal.codes(limit: 9) }
        await read { _ = try await journal.peers(limit: 9) }
        await read { _ = try await journal.meshes() }
        await read { _ = try await journal.channels(limit: 9) }
        return errors
    }

    private static func readSource(_ journal: Journal, _ id: TransferID) async throws {
        for entry in try await journal.sourceEntries(of: id, from: 0, limit: 9) {
            try judge(entry.manifest, entry.number)
        }
        for chunk in UInt64(0)..<6 {
            for entry in try await journal.sourceFiles(of: id, holding: chunk, limit: 9) {
                try judge(entry.manifest, entry.number)
                let plan = FilePlan(entry: entry.number, manifest: entry.manifest)
                try keep(plan.chunks.upperBound > chunk, "a file that holds a chunk holds it by its size")
            }
        }
    }

    private static func readReceived(_ journal: Journal, _ id: TransferID) async throws {
        let entries = try await journal.receivedEntries(of: id, from: 0, limit: 9)
        for entry in try await entries + journal.unsyncedEntries(of: id, from: 0, limit: 9) {
            try judge(entry.manifest, entry.number)
            guard let name = entry.finalName else { continue }
            try keep((try? EntryPath(name).components.count) == 1, "a final name is one name")
        }
    }

    private static func judge(_ entry: ManifestEntry, _ number: UInt64) throws {
        try entry.keepBounds()
        try keep(entry.hasSoundPath && entry.hasSoundSize, "an entry from the journal is what its kind says")
        guard entry.kind != .withdrawal, entry.kind != .omission else { return }
        _ = try kept("a path from the journal leads nowhere else") { try EntryPath(entry.path) }
        try keep(!entry.target.contains(0), "a link's target has no NUL")
    }
}

/// The answer of `body`, waited for: a fuzzer's thread is none of the tasks'.
func waiting<Answer: Sendable>(_ body: @escaping @Sendable () async throws -> Answer) throws -> Answer {
    let done = DispatchSemaphore(value: 0)
    // Written before `done` is signalled, read after.
    nonisolated(unsafe) var result: Result<Answer, any Error> = .failure(Refused())
    Task.detached {
        do { result = .success(try await body()) } catch { result = .failure(error) }
        done.signal()
    }
    done.wait()
    return try result.get()
}
