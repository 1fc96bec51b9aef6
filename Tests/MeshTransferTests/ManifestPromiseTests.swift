import MeshTransfer
import MeshWire
import Testing

/// The manifest must be what was offered.
@Suite struct ManifestPromiseTests {
    private let file = ManifestEntry(kind: .file, path: [97], size: 10, allocated: 10)
    private let folder = ManifestEntry(kind: .folder, path: [98])

    /// Adds the entries one by one and answers the number of the first that was not promised.
    private func firstRefused(_ entries: [ManifestEntry], of sums: TransferSums) -> UInt64? {
        var promise = ManifestPromise(sums)
        var totals = ManifestTotals()
        for var entry in entries {
            entry.firstChunk = totals.chunks
            guard totals.add(entry) else { return nil }
            if !promise.allows(entry, totals: totals) { return totals.entries - 1 }
        }
        return nil
    }

    private func sums(_ entries: UInt64, _ files: UInt64, _ bytes: UInt64, _ allocated: UInt64? = nil) -> TransferSums {
        TransferSums(entries: entries, files: files, bytes: bytes, allocated: allocated ?? bytes)
    }

    private func withdrawal(of number: UInt64) -> ManifestEntry {
        ManifestEntry(kind: .withdrawal, path: [], size: number)
    }

    @Test func whatWasOfferedIsAllowed() {
        #expect(firstRefused([folder, file, file], of: sums(3, 2, 20)) == nil)
    }

    @Test(arguments: [(2, 10, 10), (1, 11, 10), (1, 9, 10), (1, 10, 9), (1, 10, 11)] as [(UInt64, UInt64, UInt64)])
    func sumsThatDoNotAddUp(_ lie: (files: UInt64, bytes: UInt64, allocated: UInt64)) {
        #expect(firstRefused([folder, file], of: sums(2, lie.files, lie.bytes, lie.allocated)) == 1)
    }

    @Test func moreThanWasOffered() {
        #expect(firstRefused([file, file], of: sums(1, 1, 10)) == 1)
        #expect(firstRefused([file, folder], of: sums(1, 1, 10)) == 1)
    }

    /// A file that changed is taken back and added anew, larger than it was.
    @Test func changedFilesComeAgain() {
        var grown = file
        grown.size = 1_000_000
        #expect(firstRefused([file, withdrawal(of: 0), grown], of: sums(1, 1, 10)) == nil)
        #expect(firstRefused([file, withdrawal(of: 0), grown, grown], of: sums(1, 1, 10)) == 3)
        #expect(firstRefused([file, withdrawal(of: 0), folder], of: sums(1, 1, 10)) == 2)
    }

    @Test func aFileThatCanBeReadNoMoreIsNamed() {
        let omission = ManifestEntry(omitting: [97], .unreadable)
        #expect(firstRefused([file, withdrawal(of: 0), omission], of: sums(1, 1, 10)) == nil)
        #expect(firstRefused([file, omission], of: sums(1, 1, 10)) == 1)
        #expect(firstRefused([file, omission], of: sums(2, 1, 10)) == nil)
    }
}
