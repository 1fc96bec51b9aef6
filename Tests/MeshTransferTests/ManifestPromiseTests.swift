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

    /// A sender that has counted knows where all ends are; what could not be read to its end was taken back.
    @Test func whatHasNoEndIsNotWhole() {
        let open = ManifestEntry(open: [97], mode: 0o400, seconds: 1, nanoseconds: 0)
        #expect(firstRefused([open], of: sums(1, 1, 0)) == 0)
        let omission = ManifestEntry(omitting: [97], .unreadable)
        #expect(firstRefused([open, withdrawal(of: 0), omission], of: sums(3, 1, 0)) == nil)
    }

    /// The last page comes after a link was lost, and with it the word where an earlier file ended.
    @Test func endsAreStillToBeTold() {
        var known = ManifestTotals()
        let isFirst = known.add(ManifestEntry(open: [97], mode: 0o400, seconds: 1, nanoseconds: 0))
        var promise = ManifestPromise(sums(2, 2, 15, 10), known: known)
        var file = file
        file.firstChunk = known.chunks
        let isSecond = known.add(file)
        #expect(isFirst && isSecond && promise.allows(file, totals: known))
        let isTold = known.tell(5)
        #expect(isTold && promise.allowsEnd(totals: known))
        let isToldMore = known.tell(1)
        #expect(isToldMore && !promise.allowsEnd(totals: known), "more than was offered")
    }

    /// A sender that lost its power has forgotten an end that it had told: it reads the file anew, and both count here.
    @Test func anEndThatItsSenderForgotCountsTwice() {
        var known = ManifestTotals()
        let isFirst = known.add(ManifestEntry(open: [97], mode: 0o400, seconds: 1, nanoseconds: 0))
        let isTold = known.tell(5)
        var promise = ManifestPromise(sums(3, 2, 5, 0), known: known)
        var back = withdrawal(of: 0)
        back.firstChunk = known.chunks
        let isBack = known.add(back)
        #expect(isFirst && isTold && isBack && promise.allows(back, totals: known))
        var again = ManifestEntry(open: [97], mode: 0o400, seconds: 1, nanoseconds: 0)
        again.firstChunk = known.chunks
        let isToldAgain = again.tell(5)
        let isAdded = known.add(again)
        #expect(isToldAgain && isAdded && known.bytes == 10)
        #expect(promise.allows(again, totals: known) && promise.allowsEnd(totals: known))
    }
}
