import GRDB
import MeshTransfer
import MeshWire
import Testing

@testable import MeshJournal

/// How long a journal waits for another process that writes.
@Suite struct PatienceTests {
    /// Whoever waited in vain is about to stop, and writes down why: that must not take as long again with each line.
    @Test func patienceIsLostOnceAndComesBack() async throws {
        try await withHome { home in
            let path = home + "/journal.sqlite"
            let journal = try await Journal(path: path, boot: "a", patience: 2)
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let other = try DatabaseQueue(path: path, configuration: configuration)
            try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }

            #expect(try await time { try await journal.create(record(1, .send)) } >= .seconds(2))
            for number in 2...4 {
                #expect(try await time { try await journal.create(record(UInt8(number), .send)) } < .seconds(2))
            }

            try await other.writeWithoutTransaction { db in try db.execute(sql: "COMMIT") }
            try await journal.create(record(5, .send))
            try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
            #expect(try await time { try await journal.create(record(6, .send)) } >= .seconds(2))
            try other.close()
            try await journal.close()
        }
    }

    /// A file that somebody has for himself is waited for once, and not once with each attempt to open it.
    @Test func openingEndsAfterItsPatience() async throws {
        try await withHome { home in
            let path = home + "/journal.sqlite"
            try await Journal(path: path, boot: "a").close()
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
            let other = try DatabaseQueue(path: path, configuration: configuration)
            try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN EXCLUSIVE") }
            let took = try await time { _ = try await Journal(path: path, boot: "a", patience: 0.5) }
            #expect(took < .seconds(5))
            try other.close()
        }
    }

    /// How long `body` takes to find the file locked.
    private func time(_ body: () async throws -> Void) async throws -> Duration {
        let start = ContinuousClock.now
        let error = await #expect(throws: JournalError.self) { try await body() }
        guard case .locked = error else {
            Issue.record("\(String(describing: error))")
            return .zero
        }
        return ContinuousClock.now - start
    }
}
