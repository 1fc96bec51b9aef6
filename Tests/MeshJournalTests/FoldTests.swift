import GRDB
import MeshJournal
import MeshTransfer
import MeshWire
import Testing

@Suite struct FoldTests {
    /// 20,000 chunks are two batches of folding; a tenth is missing and a tenth is synced.
    private func fill(_ journal: Journal) async throws -> [ChunkRecord] {
        try await journal.create(record(1, .receive))
        try await journal.append(files([chunk * 200] + [UInt64](repeating: 1, count: 20_000)), to: transferID(1))
        try await journal.commit(group(0..<20_200), to: transferID(1))
        try await journal.forget(chunks: NumberSet(5_000..<7_000), of: transferID(1))
        try await journal.markDurable(chunks: NumberSet(9_000..<11_000), entries: [], of: transferID(1))
        return try await all(journal)
    }

    private func all(_ journal: Journal) async throws -> [ChunkRecord] {
        try await journal.chunks(of: transferID(1), in: 0..<30_000, limit: 30_000)
    }

    private func count(_ journal: Journal, _ table: String) throws -> Int? {
        try withPlainSQL(journal.path) { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") }
    }

    @Test func answersTheSameAfterwards() async throws {
        try await withJournal { journal in
            let before = try await fill(journal)
            try await journal.complete(transferID(1), state: .done, receipt: receipt, at: 1)
            #expect(try await all(journal) == before)
            #expect(try count(journal, "chunk") == 0)
            #expect(try count(journal, "digest_list") ?? 99 < 12)
            for first in stride(from: UInt64(0), to: 20_200, by: 997) {
                let some = try await journal.chunks(of: transferID(1), in: first..<first + 700, limit: 650)
                #expect(some == Array(before.filter { $0.number >= first && $0.number < first + 700 }.prefix(650)))
            }
        }
    }

    @Test func aCrashBetweenBatchesIsNotSeen() async throws {
        try await withJournal { journal in
            let before = try await fill(journal)
            // The transfer ends, its rows are not folded yet: as a crash right after the first transaction leaves it.
            try await journal.setState(.done, message: nil, of: transferID(1), at: 1)
            try await journal.tidy()
            #expect(try await all(journal) == before)
            #expect(try count(journal, "chunk") == 0)
            // A row that came after folding and is in a list as well: the row counts, and takes its place in the list.
            try await journal.commit(group(100..<101), to: transferID(1))
            #expect(try await all(journal) == before)
            let other = ChunkRecord(number: 100, digest: digest(77))
            var again = CommitGroup()
            again.chunks = [other]
            try await journal.commit(again, to: transferID(1))
            let changed = before.map { $0.number == 100 ? other : $0 }
            #expect(try await all(journal) == changed)
            try await journal.fold(transferID(1))
            try await journal.fold(transferID(1))
            #expect(try await all(journal) == changed)
            #expect(try count(journal, "chunk") == 0)
        }
    }

    @Test func forgettingCutsListsAndFillingJoinsThem() async throws {
        try await withJournal { journal in
            let before = try await fill(journal)
            try await journal.complete(transferID(1), state: .partial, receipt: receipt, at: 1)
            let gone = NumberSet([10..<20, 4_000..<4_100, 8_191..<8_193, 12_000..<20_000])
            try await journal.forget(chunks: gone, of: transferID(1))
            #expect(try await all(journal) == before.filter { !gone.contains($0.number) })
            // The transfer is gone on with.
            try await journal.commit(group(10..<20), to: transferID(1))
            let left = gone.subtracting(NumberSet(10..<20))
            #expect(try await all(journal) == before.filter { !left.contains($0.number) })
            try await journal.complete(transferID(1), state: .partial, receipt: receipt, at: 2)
            #expect(try await all(journal) == before.filter { !left.contains($0.number) })
        }
    }

    @Test func aTransferUnderWayIsNotFolded() async throws {
        try await withJournal { journal in
            _ = try await fill(journal)
            try await journal.fold(transferID(1))
            #expect(try count(journal, "digest_list") == 0)
        }
    }

    @Test func digestsAnswerForAFile() async throws {
        try await withJournal { journal in
            _ = try await fill(journal)
            for _ in 0..<2 {
                #expect(try await journal.digests(of: transferID(1), entry: 0, limit: 500) == (0..<200).map(digest))
                #expect(
                    try await journal.digests(of: transferID(1), entry: 0, from: 190, limit: 5)
                        == (190..<195).map(digest))
                #expect(try await journal.digests(of: transferID(1), entry: 0, from: 200, limit: 5) == [])
                #expect(try await journal.digests(of: transferID(1), entry: 1, limit: 500) == [digest(200)])
                // Chunk 5,100 was forgotten.
                #expect(try await journal.digests(of: transferID(1), entry: 4_901, limit: 500) == [])
                try await journal.complete(transferID(1), state: .done, receipt: receipt, at: 1)
            }
        }
    }
}
