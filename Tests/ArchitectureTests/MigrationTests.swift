import MeshMigrations
import Testing

/// Three lists of the same files: the folder, the manifest of the package, the program.
@Suite struct MigrationTests {
    private let files = House.names(in: "migrations").filter { $0.hasSuffix(".sql") }

    @Test func everyFileIsEmbedded() {
        let listed = House.text(of: "Package.swift").matches(of: #/"(\d{4}_\w+\.sql)"/#).map { String($0.1) }
        #expect(!files.isEmpty)
        #expect(listed == files)
    }

    @Test func everyFileIsRegistered() {
        #expect(Migrations.all.map { $0.name + ".sql" } == files)
        for migration in Migrations.all {
            #expect(migration.sql == House.text(of: "migrations/\(migration.name).sql"), "\(migration.name) is stale")
        }
    }

    @Test func numbersHaveNoGaps() {
        #expect(files.map { Int($0.prefix(4)) } == (1...files.count).map { $0 })
    }
}
