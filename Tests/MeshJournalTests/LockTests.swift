import MeshJournal
import MeshTransfer
import MeshWire
import Testing

@Suite struct LockTests {
    private let one = ProcessIdentity(pid: 100, startTime: 5, boot: "a")
    private let other = ProcessIdentity(pid: 200, startTime: 6, boot: "a")

    @Test func aTransferBelongsToOneProcess() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .send))
            #expect(try await journal.lockHolder(of: .transfer(transferID(1))) == nil)
            #expect(try await journal.acquireLock(of: .transfer(transferID(1)), for: one) { _ in true } == .acquired)
            #expect(try await journal.acquireLock(of: .transfer(transferID(1)), for: one) { _ in true } == .acquired)
            #expect(
                try await journal.acquireLock(of: .transfer(transferID(1)), for: other) { _ in true } == .heldBy(one))
            try await journal.releaseLock(of: .transfer(transferID(1)), by: other)
            #expect(try await journal.lockHolder(of: .transfer(transferID(1))) == one)
            try await journal.releaseLock(of: .transfer(transferID(1)), by: one)
            #expect(try await journal.acquireLock(of: .transfer(transferID(1)), for: other) { _ in true } == .acquired)
        }
    }

    @Test func theLockOfAProcessThatIsGoneIsTakenOver() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .send))
            _ = try await journal.acquireLock(of: .transfer(transferID(1)), for: one) { _ in true }
            // Same number, later start: another process altogether.
            let reborn = ProcessIdentity(pid: 100, startTime: 9, boot: "a")
            let gone = one
            #expect(
                try await journal.acquireLock(of: .transfer(transferID(1)), for: reborn) { $0 != gone } == .acquired)
            #expect(try await journal.lockHolder(of: .transfer(transferID(1))) == reborn)
            #expect(
                try await journal.acquireLock(of: .transfer(transferID(1)), for: one) { _ in true } == .heldBy(reborn))
        }
    }

    @Test func aCodeBelongsToOneProcess() async throws {
        try await withJournal { journal in
            let tag = try #require(Bytes16([UInt8](repeating: 1, count: 16)))
            let another = try #require(Bytes16([UInt8](repeating: 2, count: 16)))
            for tag in [tag, another] {
                try await journal.insert(
                    CodeRecord(tag: tag, master: Bytes32(), role: .claimant, created: 1, expires: 2))
            }
            #expect(try await journal.acquireLock(of: .code(tag), for: one) { _ in true } == .acquired)
            #expect(try await journal.acquireLock(of: .code(tag), for: other) { _ in true } == .heldBy(one))
            #expect(try await journal.acquireLock(of: .code(another), for: other) { _ in true } == .acquired)
            try await journal.releaseLock(of: .code(tag), by: other)
            #expect(try await journal.lockHolder(of: .code(tag)) == one)
            try await journal.releaseLock(of: .code(tag), by: one)
            #expect(try await journal.lockHolder(of: .code(tag)) == nil)
        }
    }

    @Test func ofManyThatWantItOneGetsIt() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .send))
            let second = try await Journal(path: journal.path, boot: "a")
            let answers = try await withThrowingTaskGroup(of: LockAnswer.self) { group in
                for number in 1...Int32(20) {
                    let process = ProcessIdentity(pid: number, startTime: 1, boot: "a")
                    let journal = number % 2 == 0 ? journal : second
                    group.addTask {
                        try await journal.acquireLock(of: .transfer(transferID(1)), for: process) { _ in true }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.filter { $0 == .acquired }.count == 1)
            try await second.close()
        }
    }
}
