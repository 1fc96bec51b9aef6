import MeshJournal
import MeshTransfer
import MeshWire
import Testing

/// What is not there as it was offered: which names are told where there is room for a few.
@Suite struct LeftOutTests {
    /// Six files: two are there under other names, one was kept, one is unchanged, one is missing, one arrived.
    private func fill(_ journal: Journal) async throws {
        try await journal.create(record(1, .receive))
        try await journal.append(files([UInt64](repeating: 1, count: 6)), to: transferID(1))
        var group = CommitGroup()
        group.ended = [
            EndedEntry(skipped: 2, .older), EndedEntry(skipped: 3, .unchanged), EndedEntry(skipped: 4, .name),
        ]
        try await journal.commit(group, to: transferID(1))
        try await journal.noteSkipped([.folded: NumberSet(0..<2)], of: transferID(1))
    }

    @Test func whatIsMissingIsNamedFirst() async throws {
        try await withJournal { journal in
            try await fill(journal)
            let all = try await journal.leftOut(of: transferID(1), limit: 10)
            #expect(all.entries.map(\.number) == [4, 2, 0, 1])
            #expect(all.counts == [.folded: 2, .older: 1, .unchanged: 1, .name: 1])
            #expect(try await journal.leftOut(of: transferID(1), limit: 1).entries.map(\.reason) == [.name])
        }
    }

    /// Asked for page by page they come in the manifest's order.
    @Test func pagesHaveTheManifestsOrder() async throws {
        try await withJournal { journal in
            try await fill(journal)
            let first = try await journal.leftOut(of: transferID(1), from: 0, limit: 2)
            let rest = try await journal.leftOut(of: transferID(1), from: 2, limit: 2)
            #expect((first + rest).map(\.number) == [0, 1, 2, 4])
        }
    }
}
