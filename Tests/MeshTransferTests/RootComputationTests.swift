import MeshSimulation
import MeshWire
import Testing

@testable import MeshTransfer

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

    private let transfer = TransferID(Bytes16())
    private let one = SimulatedJournal()
    private let other = SimulatedJournal()

    init() throws {
        for (journal, direction) in [(one, TransferDirection.send), (other, .receive)] {
            try journal.create(TransferRecord(id: transfer, direction: direction, roots: [], created: 0, updated: 0))
        }
        let source = Self.entries.enumerated().map { index, entry in
            SourceEntry(
                number: UInt64(index), manifest: entry,
                identity: SourceIdentity(device: 1, inode: UInt64(index), changed: 1))
        }
        try one.append(source, to: transfer)
        try other.append(Self.entries, to: transfer)
    }

    private func sender(skipped: NumberSet = NumberSet()) async throws -> RootComputation.Result {
        try await RootComputation(
            journal: one, transfer: transfer, direction: .send, skipped: skipped
        ).result()
    }

    private func receiver(skipped: NumberSet = NumberSet()) async throws -> RootComputation.Result {
        try await RootComputation(
            journal: other, transfer: transfer, direction: .receive, skipped: skipped
        ).result()
    }

    private func commit(_ chunks: [ChunkRecord]) throws {
        var group = CommitGroup()
        group.chunks = chunks
        try other.commit(group, to: transfer)
    }

    @Test func isEqualOnBothSides() async throws {
        // The sender was told in another order, and has chunks of the file that was taken back.
        try one.acknowledge(chunks(6..<8) + chunks(0..<2) + chunks(3..<6), of: transfer)
        try commit(chunks(3..<8))
        let results = (try await sender(), try await receiver())
        #expect(results.0.root == results.1.root)
        #expect(results.0.missing.isEmpty && results.1.missing.isEmpty)
        for result in [results.0, results.1] {
            #expect(result.chunks == 5 && result.entries == 5 && result.bytes == 1_000_001)
            #expect(result.lost.isEmpty)
        }
    }

    @Test func anotherDigestIsAnotherRoot() async throws {
        try one.acknowledge(chunks(3..<8), of: transfer)
        try commit(chunks(3..<7) + [ChunkRecord(number: 7, digest: digest(99))])
        #expect(try await sender().root != receiver().root)
    }

    @Test func tellsWhichDigestsAreMissing() async throws {
        try one.acknowledge(chunks(3..<5) + chunks(7..<8), of: transfer)
        #expect(try await sender().missing == NumberSet(5..<7))
    }

    @Test func skippedEntriesAreLeftOutOnBothSides() async throws {
        try one.acknowledge(chunks(3..<6), of: transfer)
        try commit(chunks(3..<6))
        let skipped = NumberSet(4..<5)
        let results = (try await sender(skipped: skipped), try await receiver(skipped: skipped))
        #expect(results.0.root == results.1.root && results.0.chunks == 3)
    }
}
