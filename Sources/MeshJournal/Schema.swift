import GRDB
import MeshMigrations

/// Which migrations a file went through, and those it has yet to go through.
enum Schema {
    /// Marks the file as ours (`PRAGMA application_id`): `PMJ1`.
    static let applicationID: Int64 = 0x504d_4a31

    /// Refuses files of other programs and of newer versions. Before anything is changed: called while a connection is
    /// being set up.
    static func inspect(_ db: Database, path: String) throws {
        // One transaction: another process may migrate the file between two looks at it.
        try db.inTransaction(.deferred) {
            try look(db, path: path)
            return .commit
        }
    }

    private static func look(_ db: Database, path: String) throws {
        let application = try pragma(db, "application_id")
        let version = try pragma(db, "user_version")
        let tables = try db.row("SELECT count(*) FROM sqlite_master") { try $0.int(0, "count of tables") } ?? 0
        // Empty: new, or made by another process that has not come to the migrations yet.
        if application == 0 && version == 0 && tables == 0 { return }
        // SQLite's first page is ours from the first migration's commit on; GRDB's probe of the WAL leaves no table.
        guard application == applicationID else { throw JournalError.notAJournal(path: path) }
        let known = Migrations.all.count
        guard version <= known else { throw JournalError.newer(path: path, found: Int(version), known: known) }
        for (name, migration) in zip(try applied(db), Migrations.all) where name != migration.name {
            throw JournalError.newer(path: path, found: Int(version), known: known)
        }
    }

    /// Applies what is due, all or nothing. Of several processes that open a new file at once, one does; the others wait
    /// for the write lock and then find nothing due.
    static func migrate(_ db: Database, path: String) throws {
        guard try pragma(db, "user_version") < Migrations.all.count else { return }
        try db.inTransaction(.immediate) {
            try look(db, path: path)
            let done = try pragma(db, "user_version")
            for (number, migration) in zip(1..., Migrations.all).dropFirst(Int(done)) {
                try db.execute(sql: migration.sql)
                try db.run(
                    "INSERT INTO migration (number, name, applied) VALUES (?1, ?2, CAST(strftime('%s') AS INTEGER))",
                    .int(Int64(number)), .text(migration.name))
            }
            // Both live in the file's first page and are part of the transaction.
            try db.execute(sql: "PRAGMA user_version = \(Migrations.all.count)")
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            return .commit
        }
    }

    private static func applied(_ db: Database) throws -> [String] {
        try db.rows("SELECT name FROM migration ORDER BY number LIMIT 10000") { try $0.text(0, "migration") }
    }

    private static func pragma(_ db: Database, _ name: String) throws -> Int64 {
        try db.row("PRAGMA \(name)") { try $0.int(0, name) } ?? 0
    }
}
