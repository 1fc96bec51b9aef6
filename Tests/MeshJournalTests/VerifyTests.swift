import MeshJournal
import MeshTransfer
import MeshWire
import Testing

@Suite struct VerifyTests {
    /// By when they changed last: one that was broken off and resumed comes after one that began later.
    @Test func transfersThatMovedFilesComeByPages() async throws {
        try await withJournal { journal in
            for number in UInt8(1)...6 {
                let direction: TransferDirection = number.isMultiple(of: 2) ? .send : .receive
                try await journal.create(record(number, direction, created: Int64(number)))
            }
            try await journal.complete(transferID(2), state: .done, receipt: receipt, at: 20)
            try await journal.complete(transferID(6), state: .partial, receipt: receipt, at: 10)
            try await journal.setState(.active, message: nil, of: transferID(1), at: 15)
            var found: [TransferID] = []
            var last: TransferRecord?
            while let page = try? await journal.transfersThatMoved(behind: last, limit: 2), !page.isEmpty {
                #expect(page.count <= 2)
                found += page.map(\.id)
                last = page.last
            }
            #expect(found == [2, 1, 6, 5, 3].map { transferID($0) })
        }
    }

    @Test func theSyncerFindsItsWork() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .receive))
            try await journal.append(files([chunk * 4, 1, 1]), to: transferID(1))
            var group = group(0..<6)
            group.ended = [EndedEntry(number: 0, state: .finished), EndedEntry(number: 1, state: .finished)]
            try await journal.commit(group, to: transferID(1))
            try await journal.markDurable(chunks: NumberSet(1..<3), entries: [1], of: transferID(1))
            let unsynced = try await journal.unsyncedChunks(of: transferID(1), from: 0, limit: 9)
            #expect(unsynced.map(\.number) == [0, 3, 4, 5])
            #expect(try await journal.unsyncedChunks(of: transferID(1), from: 1, limit: 1).map(\.number) == [3])
            #expect(try await journal.unsyncedEntries(of: transferID(1), from: 0, limit: 9).map(\.number) == [0])
            #expect(try await journal.unsyncedEntries(of: transferID(1), from: 1, limit: 9) == [])
        }
    }
}
