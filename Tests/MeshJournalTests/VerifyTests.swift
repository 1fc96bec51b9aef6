import MeshJournal
import MeshTransfer
import MeshWire
import Testing

@Suite struct VerifyTests {
    @Test func finishedFilesAreFoundByTheirPath() async throws {
        try await withJournal { journal in
            for number in UInt8(1)...2 {
                try await journal.create(record(number, .receive, root: "/in/new", created: Int64(number)))
                var entries = files([1, 2, 3])
                entries[1].path = bytes("sub/deep/b.txt")
                try await journal.append(entries, to: transferID(number))
            }
            var ended = CommitGroup()
            ended.ended = [
                EndedEntry(number: 0, state: .finished),
                EndedEntry(number: 1, state: .finished, finalName: bytes("b (1).txt")),
                EndedEntry(number: 2, state: .skipped),
            ]
            try await journal.commit(ended, to: transferID(1))
            func find(_ path: String) async throws -> (TransferID, UInt64)? {
                try await journal.findFinishedFile(bytes(path)).map { ($0.transfer.id, $0.entry.number) }
            }
            #expect(try #require(try await find("/in/new/f0")) == (transferID(1), 0))
            #expect(try #require(try await find("/in/new/sub/deep/b (1).txt")) == (transferID(1), 1))
            for path in [
                "/in/new/sub/deep/b.txt", "/in/new/f2", "/in/f0", "/in/newer/f0", "/in/new", "/in/new/b (1).txt",
            ] {
                #expect(try await find(path) == nil, "\(path)")
            }
            // The latest transfer that put a file there counts.
            ended.ended = [EndedEntry(number: 0, state: .finished)]
            try await journal.commit(ended, to: transferID(2))
            #expect(try #require(try await find("/in/new/f0")) == (transferID(2), 0))
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
