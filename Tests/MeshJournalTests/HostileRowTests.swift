import GRDB
import MeshJournal
import MeshTransfer
import MeshWire
import Testing

/// The file may have been written by anybody: what the schema's checks would have kept out is found when it is read.
@Suite struct HostileRowTests {
    @Test(
        arguments: [
            "UPDATE entry SET size = -1", "UPDATE entry SET kind = 9", "UPDATE entry SET kind = 2",
            "UPDATE entry SET path = zeroblob(5000)", "UPDATE entry SET path = x''", "UPDATE entry SET mode = 2541",
            "UPDATE entry SET mtime_ns = 1000000000", "UPDATE entry SET first_chunk = -5",
            "UPDATE entry SET allocated = -1", "UPDATE entry SET number = 9223372036854775807",
            "UPDATE entry SET state = 17",
            "UPDATE entry SET part_device = 1", "UPDATE entry SET final_name = zeroblob(256)",
            "UPDATE entry SET durable = 3", "UPDATE transfer SET direction = 'sideways'",
            "UPDATE transfer SET entries = -4", "UPDATE transfer SET files = 8, entries = 7",
            // What would be refused from a peer was once taken from the file.
            "UPDATE entry SET path = x'2f'", "UPDATE entry SET path = x'2e2e2f61'", "UPDATE entry SET path = x'6100'",
            "UPDATE entry SET final_name = x'2e2e'", "UPDATE entry SET final_name = x'2e2e2f61'",
            "UPDATE entry SET kind = 2, size = 0, chunks = 0, target = x'6100'",
            "UPDATE entry SET kind = 1, chunks = 0",
            "UPDATE entry SET chunks = 2",
        ])
    func entries(_ damage: String) async throws {
        try await expectCorrupt(damage) { journal in
            _ = try await journal.receivedEntries(of: transferID(1), from: 0, limit: 10)
        }
    }

    @Test(
        arguments: [
            "UPDATE chunk SET digest = zeroblob(31)", "UPDATE chunk SET synced = 2",
            "UPDATE digest_list SET digests = zeroblob(33)", "UPDATE digest_list SET digests = zeroblob(200000)",
        ])
    func chunks(_ damage: String) async throws {
        try await expectCorrupt(damage) { journal in
            _ = try await journal.chunks(of: transferID(1), in: 0..<9, limit: 9)
            _ = try await journal.chunks(of: transferID(2), in: 0..<9, limit: 9)
        }
    }

    /// A file whose row says that it holds chunks, and whose size says that it does not, was once looked up for ever.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["UPDATE entry SET chunks = 5; UPDATE chunk SET number = 3", "UPDATE entry SET size = 0"])
    func progress(_ damage: String) async throws {
        try await expectCorrupt(damage) { journal in
            _ = try await journal.progress(of: transferID(1))
        }
    }

    @Test(
        arguments: [
            "UPDATE transfer SET state = 'lost'", "UPDATE transfer SET peer = 'nobody'",
            "UPDATE transfer SET code = x'00'", "UPDATE transfer SET roots = x'2f61'",
            "UPDATE transfer SET roots = x'0000'", "UPDATE transfer SET manifest_complete = 2",
            "UPDATE transfer SET bytes = -1",
        ])
    func transfers(_ damage: String) async throws {
        try await expectCorrupt(damage) { journal in _ = try await journal.transfer(transferID(1)) }
    }

    @Test(
        arguments: [
            "UPDATE code SET master = x'00'", "UPDATE code SET state = 'open'", "UPDATE code SET attempts = -1",
            "UPDATE code SET peer = NULL", "UPDATE code SET resume_secret = NULL",
        ])
    func codes(_ damage: String) async throws {
        try await expectCorrupt(damage) { journal in _ = try await journal.codes(limit: 9) }
    }

    private func expectCorrupt(_ damage: String, _ read: (Journal) async throws -> Void) async throws {
        try await withJournal { journal in
            try await fill(journal)
            try await read(journal)
            try withPlainSQL(journal.path) { db in
                try db.execute(sql: "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF")
                try db.execute(sql: damage)
            }
            let error = await journalError { try await read(journal) }
            guard case .corrupt(journal.path, _) = error else {
                Issue.record("\(damage): \(String(describing: error))")
                return
            }
        }
    }

    private func fill(_ journal: Journal) async throws {
        for number in UInt8(1)...2 {
            try await journal.create(record(number, .receive, peer: nodeID(1)))
            try await journal.append(files([1]), to: transferID(number))
            try await journal.commit(group(0..<1), to: transferID(number))
        }
        try await journal.complete(transferID(2), state: .done, receipt: receipt, at: 1)
        let tag = Bytes16([UInt8](repeating: 1, count: 16))!
        try await journal.insert(CodeRecord(tag: tag, master: digest(1), role: .issuer, created: 1, expires: 2))
        try await journal.pin(code: tag, .init(peer: nodeID(1), publicKey: [1], resumeSecret: digest(2)))
    }
}
