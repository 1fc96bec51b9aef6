/// One numbered step of the journal's schema: a file of this folder, embedded in the program.
package struct Migration: Sendable {
    /// The file's name without `.sql`, which is also its identifier in the database, such as `0001_journal`.
    package let name: String
    /// The file's statements.
    package let sql: String
}

package enum Migrations {
    /// All migrations, in the order of their numbers. A shipped migration is never modified; a new one is added below.
    package static let all: [Migration] = [
        Migration(name: "0001_journal", sql: String(decoding: PackageResources._001_journal_sql, as: UTF8.self)),
        Migration(name: "0002_use", sql: String(decoding: PackageResources._002_use_sql, as: UTF8.self)),
        Migration(name: "0003_code_lock", sql: String(decoding: PackageResources._003_code_lock_sql, as: UTF8.self)),
        Migration(name: "0004_unwritten", sql: String(decoding: PackageResources._004_unwritten_sql, as: UTF8.self)),
        Migration(name: "0005_mount", sql: String(decoding: PackageResources._005_mount_sql, as: UTF8.self)),
    ]
}
