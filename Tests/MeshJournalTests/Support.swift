import Foundation
import GRDB
import MeshJournal

/// A folder of its own for one test, removed at the end.
func withHome<Answer>(_ body: (String) async throws -> Answer) async throws -> Answer {
    let home = FileManager.default.temporaryDirectory.appending(path: "pmesh-journal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: home) }
    return try await body(home.path)
}

/// A new journal in a home of its own.
func withJournal(_ body: (Journal) async throws -> Void) async throws {
    try await withHome { home in
        let journal = try await Journal(path: home + "/journal.sqlite", boot: "boot-a")
        try await body(journal)
        try await journal.close()
    }
}

/// Opens the file as any program would: plain SQL, no checks of ours.
func withPlainSQL<Answer>(_ path: String, _ body: (Database) throws -> Answer) throws -> Answer {
    let queue = try DatabaseQueue(path: path)
    defer { try? queue.close() }
    return try queue.inDatabase(body)
}

/// The error that `body` throws, if it is one of the journal's.
func journalError(_ body: () async throws -> Void) async -> JournalError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? JournalError
    }
}
