import Foundation
import GRDB
import MeshJournal
import MeshMigrations
import MeshTransfer
import MeshWire
import Testing

@Suite struct SchemaTests {
    @Test func migrationsAreTheFilesOfTheirFolder() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "migrations")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".sql") }.sorted()
        #expect(Migrations.all.map { $0.name + ".sql" } == names)
        for (number, migration) in zip(1..., Migrations.all) {
            #expect(migration.name.hasPrefix(String(repeating: "0", count: 4 - "\(number)".count) + "\(number)_"))
            let file = try String(contentsOf: folder.appending(path: migration.name + ".sql"), encoding: .utf8)
            #expect(migration.sql == file)
        }
    }

    @Test func theFileSaysHowManyMigrationsItHas() async throws {
        try await withMadeFile { path in
            let (version, names, tables) = try withPlainSQL(path) { db in
                (
                    try Int.fetchOne(db, sql: "PRAGMA user_version"),
                    try String.fetchAll(db, sql: "SELECT name FROM migration ORDER BY number"),
                    try String.fetchAll(
                        db,
                        sql:
                            "SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main' AND NOT strict"
                    )
                )
            }
            #expect(version == Migrations.all.count)
            #expect(names == Migrations.all.map(\.name))
            #expect(tables.filter { !$0.hasPrefix("sqlite_") } == [])
        }
    }

    @Test func aNewerFileIsRefused() async throws {
        try await withMadeFile { path in
            let known = Migrations.all.count
            try withPlainSQL(path) { try $0.execute(sql: "PRAGMA user_version = \(known + 1)") }
            let error = await journalError { _ = try await Journal(path: path, boot: "a") }
            #expect(error == .newer(path: path, found: known + 1, known: known))
            #expect(error?.description.contains("update pmesh, or use another --home") == true)
        }
    }

    @Test func aFileWithAnotherProgramsMigrationIsRefused() async throws {
        try await withMadeFile { path in
            try withPlainSQL(path) { try $0.execute(sql: "UPDATE migration SET name = '0001_other' WHERE number = 1") }
            let error = await journalError { _ = try await Journal(path: path, boot: "a") }
            #expect(error == .newer(path: path, found: Migrations.all.count, known: Migrations.all.count))
        }
    }

    @Test func anotherProgramsDatabaseIsLeftAlone() async throws {
        try await withHome { home in
            let path = home + "/journal.sqlite"
            try withPlainSQL(path) { try $0.execute(sql: "CREATE TABLE note (body TEXT)") }
            let before = try Data(contentsOf: URL(filePath: path))
            let error = await journalError { _ = try await Journal(path: path, boot: "a") }
            #expect(error == .notAJournal(path: path))
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
    }

    @Test func garbageIsNoJournal() async throws {
        try await withMadeFile { path in
            let handle = try FileHandle(forWritingTo: URL(filePath: path))
            try handle.write(contentsOf: Data(repeating: 0x42, count: 100))
            try handle.close()
            let error = await journalError { _ = try await Journal(path: path, boot: "a") }
            #expect(error == .notAJournal(path: path))
            #expect(error?.description.hasPrefix("\(path) is not a journal of pmesh") == true)
        }
    }

    @Test func aCutOffFileIsDamaged() async throws {
        try await withMadeFile { path in
            let handle = try FileHandle(forWritingTo: URL(filePath: path))
            try handle.truncate(atOffset: 4_096 * 3)
            try handle.close()
            let error = await journalError { _ = try await Journal(path: path, boot: "a") }
            guard case .corrupt(path, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.description.hasPrefix("the journal \(path) is damaged") == true)
        }
    }

    @Test func aFolderThatMayNotBeMadeIsNamed() async throws {
        try await withHome { home in
            try Data().write(to: URL(filePath: home + "/file"))
            let error = await journalError { _ = try await Journal(path: home + "/file/journal.sqlite", boot: "a") }
            guard case .denied(home + "/file/journal.sqlite", _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test(
        arguments: [
            (ResultCode.SQLITE_FULL, JournalError.full(path: "/j")), (.SQLITE_BUSY, .locked(path: "/j")),
            (.SQLITE_BUSY_SNAPSHOT, .locked(path: "/j")), (.SQLITE_NOTADB, .notAJournal(path: "/j")),
            (.SQLITE_CORRUPT_VTAB, .corrupt(path: "/j", detail: "why")),
            (.SQLITE_READONLY, .denied(path: "/j", detail: "why")),
            (.SQLITE_CANTOPEN, .denied(path: "/j", detail: "why")),
            (.SQLITE_IOERR_FSYNC, .failed(path: "/j", detail: "why")),
        ])
    func errorsOfSQLiteBecomeSentences(code: ResultCode, expected: JournalError) {
        let error = JournalError(DatabaseError(resultCode: code, message: "why"), path: "/j")
        #expect(error == expected)
        #expect(error.description.contains("/j"))
        switch error {
        case .full, .locked, .failed: #expect(error.description.contains("the transfer stays resumable"))
        default: break
        }
    }

    /// A journal of a few entries and chunks, closed.
    private func withMadeFile(_ body: (String) async throws -> Void) async throws {
        try await withHome { home in
            let path = home + "/journal.sqlite"
            let journal = try await Journal(path: path, boot: "a")
            try await journal.create(record(1, .receive))
            try await journal.append(files((0..<500).map { _ in 1 }), to: transferID(1))
            try await journal.commit(group(0..<500), to: transferID(1))
            try await journal.close()
            try await body(path)
        }
    }
}
