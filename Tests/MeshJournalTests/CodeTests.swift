import MeshJournal
import MeshTransfer
import MeshWire
import Testing

@Suite struct CodeTests {
    private let tag = Bytes16([UInt8](repeating: 1, count: 16))!
    private let pin = CodeRecord.Pin(peer: nodeID(1), publicKey: [1, 2], resumeSecret: digest(3))

    private func code(_ number: UInt8 = 1, created: Int64 = 10) -> CodeRecord {
        CodeRecord(
            tag: Bytes16([UInt8](repeating: number, count: 16))!, master: digest(2), role: .claimant, created: created,
            expires: created + 100)
    }

    @Test func isKeptAndFound() async throws {
        try await withJournal { journal in
            try await journal.insert(code())
            try await journal.insert(code(2, created: 20))
            #expect(try await journal.code(tag) == code())
            #expect(try await journal.codes(limit: 9) == [code(2, created: 20), code()])
            #expect(try await journal.codes(limit: 1).map(\.created) == [20])
            await #expect(throws: JournalError.self) { try await journal.insert(code()) }
            try await journal.create(record(1, .send, code: tag))
            try await journal.create(record(2, .send))
            #expect(try await journal.code(of: transferID(1)) == code())
            #expect(try await journal.code(of: transferID(2)) == nil)
        }
    }

    @Test func theFirstHandshakePinsIt() async throws {
        try await withJournal { journal in
            try await journal.insert(code())
            var pinned = code()
            pinned.state = .pinned
            pinned.pin = pin
            #expect(try await journal.pin(code: tag, pin) == pinned)
            #expect(try await journal.pin(code: tag, pin) == pinned)
            #expect(try await journal.code(tag) == pinned)
            let other = CodeRecord.Pin(peer: nodeID(9), publicKey: [1, 2], resumeSecret: digest(3))
            await #expect(throws: JournalError.self) { try await journal.pin(code: tag, other) }
            // Pinned, it expires no more and burns no more.
            #expect(try await journal.expireCodes(at: 1_000) == 0)
            #expect(try await journal.countAttempt(code: tag, burnAt: 1) == 1)
            #expect(try await journal.code(tag)?.state == .pinned)
            try await journal.setState(.done, ofCode: tag)
            #expect(try await journal.codes(state: .done, limit: 9).map(\.pin) == [pin])
            await #expect(throws: JournalError.self) { try await journal.pin(code: tag, pin) }
        }
    }

    @Test func wrongAttemptsBurnIt() async throws {
        try await withJournal { journal in
            try await journal.insert(code())
            #expect(try await journal.countAttempt(code: tag, burnAt: 3) == 1)
            #expect(try await journal.countAttempt(code: tag, burnAt: 3) == 2)
            #expect(try await journal.code(tag)?.state == .unused)
            #expect(try await journal.countAttempt(code: tag, burnAt: 3) == 3)
            #expect(try await journal.code(tag)?.state == .burned)
            await #expect(throws: JournalError.self) { try await journal.pin(code: tag, pin) }
        }
    }

    @Test func unusedItExpires() async throws {
        try await withJournal { journal in
            try await journal.insert(code())
            try await journal.insert(code(2, created: 500))
            #expect(try await journal.expireCodes(at: 109) == 0)
            #expect(try await journal.expireCodes(at: 110) == 1)
            #expect(try await journal.code(tag)?.state == .expired)
        }
    }

    /// A board without a battery begins in 1970: its codes have expired as soon as its clock is set right.
    @Test(arguments: CodeRole.allCases) func theIssuersClockSaysWhetherItHasExpired(_ role: CodeRole) async throws {
        try await withJournal { journal in
            var code = code()
            code.role = role
            try await journal.insert(code)
            try await journal.expireCodes(at: 1_000)
            guard role == .claimant else {
                await #expect(throws: JournalError.self) { try await journal.pin(code: tag, pin) }
                return
            }
            #expect(try await journal.pin(code: tag, pin).state == .pinned)
            #expect(try await journal.code(tag)?.pin == pin)
        }
    }
}
