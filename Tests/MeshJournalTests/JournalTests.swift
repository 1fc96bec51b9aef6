import Foundation
import GRDB
import MeshJournal
import MeshSimulation
import MeshTransfer
import MeshWire
import Testing

@Suite struct JournalTests {
    @Test func isATransferJournal() async throws {
        try await withHome { home in
            var made = 0
            try await conformance {
                made += 1
                return try await Journal(path: home + "/\(made).sqlite", boot: "boot-a")
            }
        }
    }

    @Test func isATransferJournalWithEveryCommitOnDisk() async throws {
        try await withHome { home in
            var made = 0
            try await conformance {
                made += 1
                return try await Journal(path: home + "/\(made).sqlite", boot: "boot-a", durable: true)
            }
        }
    }

    /// What simulations keep their rows in keeps them alike.
    @Test func theSimulatedJournalIsOneToo() async throws {
        try await conformance { SimulatedJournal() }
    }

    @Test func fileAndFolderAreForTheirOwnerAlone() async throws {
        try await withHome { home in
            let path = home + "/state/pmesh/journal.sqlite"
            let journal = try await Journal(path: path, boot: "boot-a")
            try await journal.create(record(1, .send))
            #expect(mode(home + "/state/pmesh") == 0o700)
            for suffix in ["", "-wal", "-shm"] { #expect(mode(path + suffix) == 0o600) }
            try await journal.close()
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            try await Journal(path: path, boot: "boot-a").close()
            #expect(mode(path) == 0o600)
        }
    }

    @Test func severalOpenANewFileAtOnce() async throws {
        try await withHome { home in
            let journals = try await withThrowingTaskGroup(of: Journal.self) { group in
                for number in 0..<8 {
                    group.addTask { try await Journal(path: home + "/new/journal.sqlite", boot: "boot-\(number % 2)") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try await journals[0].create(record(1, .send))
            for journal in journals { #expect(try await journal.transfer(transferID(1)) != nil) }
            for journal in journals { try await journal.close() }
        }
    }

    @Test func anotherJournalOnTheFileSeesCommitsAtOnce() async throws {
        try await withHome { home in
            let path = home + "/journal.sqlite"
            let (one, other) = (try await Journal(path: path, boot: "a"), try await Journal(path: path, boot: "a"))
            try await one.create(record(1, .receive))
            try await one.append(files([chunk * 50]), to: transferID(1))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<UInt64(50) {
                    let journal = number % 2 == 0 ? one : other
                    group.addTask {
                        try await journal.commit(MeshJournalTests.group(number..<number + 1), to: transferID(1))
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await one.chunks(of: transferID(1), in: 0..<99, limit: 99) == chunks(0..<50))
            #expect(try await other.chunks(of: transferID(1), in: 0..<99, limit: 99) == chunks(0..<50))
            try await one.close()
            try await other.close()
        }
    }

    /// A stick that is pulled and mounted again has lost what had not reached it, in the same boot.
    @Test func rowsOfAnotherMountAreOfNoBoot() async throws {
        try await withJournal { journal in
            let id = transferID(1)
            try await journal.create(record(1, .receive))
            try await journal.append(files([chunk * 4]), to: id)
            try await journal.place(id, onMount: "31:8:local")
            try await journal.commit(group(0..<3), to: id)
            try await journal.markDurable(chunks: NumberSet(0..<1), entries: [], of: id)
            try await journal.place(id, onMount: "31:8:local")
            #expect(
                try await journal.chunks(of: id, in: 0..<9, limit: 9).map(\.isThisBoot) == [true, true, true])
            try await journal.place(id, onMount: "32:8:local")
            try await journal.commit(group(3..<4), to: id)
            let rows = try await journal.chunks(of: id, in: 0..<9, limit: 9)
            #expect(rows.map(\.isThisBoot) == [false, false, false, true])
            #expect(rows.map(\.isSynced) == [true, false, false, false])
            // Where nobody can tell, it may be another one each time.
            try await journal.place(id, onMount: nil)
            #expect(try await journal.chunks(of: id, in: 3..<4, limit: 1).map(\.isThisBoot) == [false])
            try await journal.commit(group(3..<4), to: id)
            try await journal.place(id, onMount: nil)
            #expect(try await journal.chunks(of: id, in: 3..<4, limit: 1).map(\.isThisBoot) == [false])
        }
    }

    @Test func rowsOfAnotherBootSaySo() async throws {
        try await withHome { home in
            let path = home + "/journal.sqlite"
            var journal = try await Journal(path: path, boot: "monday")
            try await journal.create(record(1, .receive))
            try await journal.append(files([chunk * 4]), to: transferID(1))
            try await journal.commit(group(0..<2), to: transferID(1))
            try await journal.close()
            journal = try await Journal(path: path, boot: "tuesday")
            try await journal.commit(group(2..<4), to: transferID(1))
            let boots = try await journal.chunks(of: transferID(1), in: 0..<9, limit: 9).map(\.isThisBoot)
            #expect(boots == [false, false, true, true])
            try await journal.complete(transferID(1), state: .done, receipt: receipt, at: 1)
            let folded = try await journal.chunks(of: transferID(1), in: 0..<9, limit: 9).map(\.isThisBoot)
            #expect(folded == boots)
            try await journal.close()
            journal = try await Journal(path: path, boot: "monday")
            #expect(
                try await journal.chunks(of: transferID(1), in: 0..<9, limit: 9).map(\.isThisBoot) == boots.map { !$0 })
            try await journal.close()
        }
    }

    @Test func checkpointsMoveTheLogIntoTheFile() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .receive))
            try await journal.append(files((0..<2_000).map { _ in 1 }), to: transferID(1))
            let (pages, moved) = try await journal.checkpoint()
            #expect(pages > 20)
            #expect(moved == pages)
        }
    }

    @Test func writesAreCarriedOutForCancelledTasks() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .send))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    withUnsafeCurrentTask { $0?.cancel() }
                    try await journal.setState(.failed, message: "interrupted", of: transferID(1), at: 2)
                }
                try await group.waitForAll()
            }
            #expect(try await journal.transfer(transferID(1))?.message == "interrupted")
        }
    }

    private func mode(_ path: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }
}
