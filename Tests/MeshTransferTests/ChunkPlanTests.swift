import MeshTransfer
import MeshWire
import Testing

@Suite struct ChunkPlanTests {
    private static let mebi: UInt64 = 1024 * 1024

    private static let cases: [(size: UInt64, chunk: Int, count: UInt64)] = [
        (0, 256 * 1024, 0),
        (1, 256 * 1024, 1),
        (256 * 1024, 256 * 1024, 1),
        (256 * 1024 + 1, 256 * 1024, 2),
        (64 * mebi - 1, 256 * 1024, 256),
        (64 * mebi, 1024 * 1024, 64),
        (65_536 * mebi, 1024 * 1024, 65_536),
        (65_536 * mebi + 1, 2 * 1024 * 1024, 32_769),
        (2 * 65_536 * mebi + 1, 4 * 1024 * 1024, 32_769),
        // From 256 GiB on chunks stay at 4 MiB.
        (4 * 65_536 * mebi + 1, 4 * 1024 * 1024, 65_537),
        (UInt64(Int64.max), 4 * 1024 * 1024, 1 << 41),
    ]

    @Test(arguments: cases) func chunksOfAFile(size: UInt64, chunk: Int, count: UInt64) {
        #expect(ChunkPlan.chunkSize(fileSize: size) == chunk)
        #expect(ChunkPlan.chunkCount(fileSize: size) == count)
    }

    @Test func extentsCoverTheFile() {
        let entry = ManifestEntry(kind: .file, path: bytes("f"), size: 600_000, firstChunk: 7)
        let plan = FilePlan(entry: 3, manifest: entry)
        #expect(plan.chunks == 7..<10)
        #expect(plan.extent(of: 7) == (0, 262_144))
        #expect(plan.extent(of: 8) == (262_144, 262_144))
        #expect(plan.extent(of: 9) == (524_288, 75_712))
        let empty = FilePlan(entry: 3, manifest: ManifestEntry(kind: .file, path: bytes("f"), firstChunk: 7))
        #expect(empty.chunks == 7..<7)
    }
}

@Suite struct ManifestTotalsTests {
    @Test func entriesAreCountedByKind() {
        var totals = ManifestTotals()
        #expect(totals.add(ManifestEntry(kind: .folder, path: bytes("d"), mode: 0o755)) == true)
        #expect(totals.add(ManifestEntry(kind: .file, path: bytes("d/f"), size: 600_000, allocated: 4_096)) == true)
        #expect(totals.add(ManifestEntry(kind: .link, path: bytes("l"), target: bytes("d"), firstChunk: 3)) == true)
        #expect(totals.add(ManifestEntry(kind: .withdrawal, path: [], size: 1, firstChunk: 3)) == true)
        #expect(totals.entries == 4)
        #expect(totals.files == 1)
        #expect(totals.chunks == 3)
        #expect(totals.bytes == 600_000)
        #expect(totals.allocated == 4_096)
    }

    @Test func numbersAreNeitherShiftedNorReused() {
        var totals = totals(manifest([1, 1]))
        #expect(totals.add(ManifestEntry(kind: .file, path: bytes("f"), size: 1, firstChunk: 1)) == false)
        #expect(totals.add(ManifestEntry(kind: .file, path: bytes("f"), size: 1, firstChunk: 3)) == false)
        #expect(totals.add(ManifestEntry(kind: .withdrawal, path: [], size: 2, firstChunk: 2)) == false)
        #expect(totals.entries == 2)
        #expect(totals.add(ManifestEntry(kind: .withdrawal, path: [], size: 1, firstChunk: 2)) == true)
    }

    @Test func whatIsClaimedToBeAllocatedIsBoundedByTheSize() {
        var totals = ManifestTotals()
        #expect(
            totals.add(ManifestEntry(kind: .file, path: bytes("f"), size: 10, allocated: UInt64(Int64.max))) == true)
        #expect(totals.allocated == 10 + 1 << 20)
    }

    @Test func sumsDoNotOverflow() {
        // 4 EiB are 2^40 chunks: the next chunk has no number.
        var totals = ManifestTotals()
        let size = UInt64(1) << 62
        #expect(totals.add(ManifestEntry(kind: .file, path: bytes("a"), size: size)) == true)
        #expect(totals.chunks == Limits.chunks)
        #expect(totals.add(ManifestEntry(kind: .file, path: bytes("b"), size: 1, firstChunk: Limits.chunks)) == false)
    }
}
