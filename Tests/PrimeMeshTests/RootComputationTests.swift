import MeshJournal
import MeshTransfer
import MeshWire
import Testing

@testable import PrimeMesh

/// Both sides compute the same root from journals that hold the same in different rows.
@Suite struct RootComputationTests {
    /// A file of three chunks that was taken back, an empty one, the first one added anew, another of two.
    private static let entries: [ManifestEntry] = {
        var totals = ManifestTotals()
        var entries: [ManifestEntry] = []
        let plan: [(EntryKind, String, UInt64)] = [
            (.file, "a", 700_000), (.file, "empty", 0), (.withdrawal, "", 0), (.file, "a", 700_001),
            (.file, "b", 300_000),
        ]
        for (kind, path, size) in plan {
            var entry = ManifestEntry(
                kind: kind, path: bytes(path), size: size, allocated: size, mode: 0o644, seconds: 1)
            if kind == .withdrawal { entry = ManifestEntry(kind: .withdrawal, path: [], size: 0) }
            entry.firstChunk = totals.chunks
            _ = totals.add(entry)
            entries.append(entry)
        }
        return entries
    }()

    private func chunks(_ range: Range<UInt64>) -> [ChunkRecord] {
        range.map { ChunkRecord(number: $0, digest: digest($0)) }
    }

    private func withBothSides(
        _ body: (_ sender: RootComputation, _ receiver: RootComputation, Journal, Journal) async throws -> Void,
        skipped: NumberSet = NumberSet()
    ) async throws {
        try await withJournal { one in
            try await withJournal { other in
                let (sent, received) = (transferRecord(.send), transferRecord(.receive))
                try await one.create(sent)
                try await other.create(received)
                let source = Self.entries.enumerated().map { index, entry in
                    SourceEntry(
                        number: UInt64(index), manifest: entry,
                        identity: SourceIdentity(device: 1, inode: UInt64(index), changed: 1))
                }
                try await one.append(source, to: sent.id)
                try await other.append(Self.entries, to: received.id)
                try await body(
                    RootComputation(journal: one, record: sent, skipped: skipped),
                    RootComputation(journal: other, record: received, skipped: skipped), one, other)
            }
        }
    }

    @Test func isEqualOnBothSides() async throws {
        try await withBothSides { sender, receiver, one, other in
            // The sender was told in another order, and has chunks of the file that was taken back.
            try await one.acknowledge(chunks(6..<8) + chunks(0..<2) + chunks(3..<6), of: sender.record.id)
            var group = CommitGroup()
            group.chunks = chunks(3..<8)
            try await other.commit(group, to: receiver.record.id)
            let results = (try await sender.result(), try await receiver.result())
            #expect(results.0.root == results.1.root)
            #expect(results.0.missing.isEmpty && results.1.missing.isEmpty)
            for result in [results.0, results.1] {
                #expect(result.chunks == 5 && result.entries == 5 && result.files == 3 && result.bytes == 1_000_001)
                #expect(result.lost == 0)
            }
        }
    }

    @Test func anotherDigestIsAnotherRoot() async throws {
        try await withBothSides { sender, receiver, one, other in
            try await one.acknowledge(chunks(3..<8), of: sender.record.id)
            var group = CommitGroup()
            group.chunks = chunks(3..<7) + [ChunkRecord(number: 7, digest: digest(99))]
            try await other.commit(group, to: receiver.record.id)
            let roots = (try await sender.result().root, try await receiver.result().root)
            #expect(roots.0 != roots.1)
        }
    }

    @Test func tellsWhichDigestsAreMissing() async throws {
        try await withBothSides { sender, _, one, _ in
            try await one.acknowledge(chunks(3..<5) + chunks(7..<8), of: sender.record.id)
            #expect(try await sender.result().missing == NumberSet(5..<7))
        }
    }

    @Test func skippedEntriesAreLeftOutOnBothSides() async throws {
        try await withBothSides(
            { sender, receiver, one, other in
                try await one.acknowledge(chunks(3..<6), of: sender.record.id)
                var group = CommitGroup()
                group.chunks = chunks(3..<6)
                try await other.commit(group, to: receiver.record.id)
                let results = (try await sender.result(), try await receiver.result())
                #expect(results.0.root == results.1.root && results.0.chunks == 3 && results.0.files == 2)
            }, skipped: NumberSet(4..<5))
    }
}
