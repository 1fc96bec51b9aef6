import MeshWire
import Testing

@testable import MeshTransfer

/// What became of the sources since they were walked.
@Suite struct ManifestComparisonTests {
    private func entry(_ path: String, _ kind: EntryKind = .file, number: UInt64 = 0, version: Int64 = 1) -> SourceEntry
    {
        SourceEntry(
            number: number,
            manifest: ManifestEntry(
                kind: kind, path: bytes(path), size: kind == .file ? 5 : 0, mode: 0o644, seconds: version,
                target: kind == .link ? bytes("to\(version)") : []),
            identity: SourceIdentity(device: 1, inode: 1, changed: version))
    }

    /// A manifest of these entries; `-N` takes entry N back.
    private func manifest(_ words: String...) -> [SourceEntry] {
        words.enumerated().map { index, word in
            let number = UInt64(index)
            guard word.hasPrefix("-"), let back = UInt64(word.dropFirst()) else { return entry(word, number: number) }
            return SourceEntry(
                number: number, manifest: ManifestEntry(withdrawing: back, isGone: false),
                identity: SourceIdentity(device: 0, inode: 0, changed: 0))
        }
    }

    /// The amendments, entries of the manifest given `step` at a time: `-N` changed, `xN` gone, paths added.
    private func compare(
        _ manifest: [SourceEntry], _ walk: [SourceEntry], step: Int = 2, reading: Set<UInt64> = []
    ) -> [String] {
        let withdrawn = NumberSet(numbers: manifest.filter { $0.manifest.kind == .withdrawal }.map(\.manifest.size))
        var sections = ManifestSections(withdrawn: withdrawn)
        sections.add(manifest)
        var first = manifest.prefix(Int(sections.end))[...]
        var comparison = ManifestComparison(later: sections.later, reading: reading)
        func feed() {
            let batch = first.prefix(step)
            first = first.dropFirst(step)
            comparison.add(kept: batch.filter { !withdrawn.contains($0.number) }, isLast: first.isEmpty)
        }
        for entry in walk { while !comparison.walked(entry) { feed() } }
        while !comparison.finish() { feed() }
        #expect(comparison.isUnchanged == comparison.amendments.isEmpty)
        return comparison.amendments.map { entry in
            guard entry.manifest.kind == .withdrawal else {
                return String(decoding: entry.manifest.path, as: UTF8.self)
            }
            return "\(entry.manifest.isOfGone ? "x" : "-")\(entry.manifest.size)"
        }
    }

    /// A crash between them would take a file back for good.
    @Test(arguments: [1, 2, 3, 100]) func whatIsTakenBackAndWhatReplacesItAreOnePiece(_ count: Int) {
        var comparison = ManifestComparison(later: [:])
        comparison.add(kept: manifest("a", "b", "c", "d"), isLast: true)
        for path in ["a", "b", "d"] { while !comparison.walked(entry(path, version: 2)) {} }
        while !comparison.finish() {}
        let pieces = comparison.amendments(inPiecesOf: count)
        #expect(pieces.flatMap(\.self) == comparison.amendments)
        #expect(pieces.allSatisfy { (1...count + 1).contains($0.count) })
        for piece in pieces {
            let last = piece.last?.manifest
            #expect(last?.kind == .file || last?.isOfGone == true, "\(piece)")
        }
    }

    @Test(arguments: [1, 2, 100]) func nothingChanged(_ step: Int) {
        let paths = ["a", "a/b", "a.x", "c"].map { entry($0) }
        #expect(compare(manifest("a", "a/b", "a.x", "c"), paths, step: step) == [])
        #expect(compare([], [], step: step) == [])
    }

    @Test(arguments: [1, 2, 100]) func addedChangedAndGone(_ step: Int) {
        let walk = [entry("a"), entry("a/b", version: 2), entry("b"), entry("d"), entry("e")]
        #expect(
            compare(manifest("a", "a/b", "a/c", "a.x", "d"), walk, step: step) == ["x3", "x2", "-1", "a/b", "b", "e"])
    }

    @Test func whatCameBehindTheWalkCounts() {
        let before = manifest("a", "b", "c", "-1", "b", "-2", "aa")
        #expect(compare(before, [entry("a"), entry("aa"), entry("b")]) == [])
        #expect(compare(before, [entry("a"), entry("b", version: 2), entry("c")]) == ["x6", "-4", "b", "c"])
        #expect(compare(before, []) == ["x4", "x6", "x0"])
    }

    @Test func whatCountsOfEachKind() {
        func one(_ old: SourceEntry, _ new: SourceEntry) -> Bool { compare([old], [new]).isEmpty }
        var other = entry("f")
        other.identity.inode = 2
        #expect(!one(entry("f"), other))
        other = entry("f")
        other.manifest.mode = 0o600
        #expect(!one(entry("f"), other))
        #expect(!one(entry("f"), entry("f", .folder)))
        #expect(!one(entry("l", .link), entry("l", .link, version: 2)))
        #expect(!one(entry("d", .folder), entry("d", .folder, version: 2)))
        other = entry("d", .folder)
        other.identity.changed = 9
        #expect(one(entry("d", .folder), other))
    }

    /// A file of the kernel that was being read when its process ended: nobody tells its end any more, and a manifest with such
    /// an entry was once refused by a receiver that knew nothing of it.
    @Test func whatNobodyReadsAnyMoreIsReadAnew() {
        func open(_ number: UInt64, ended: Bool = false) -> SourceEntry {
            var entry = entry("uptime", number: number)
            entry.manifest = ManifestEntry(open: bytes("uptime"), mode: 0o444, seconds: 1, nanoseconds: 0)
            let isTold = !ended || entry.manifest.tell(14)
            #expect(isTold)
            return entry
        }
        var denied = entry("uptime")
        denied.manifest = ManifestEntry(omitting: bytes("uptime"), .sourceDenied)
        #expect(compare([open(0)], [open(0)]) == ["-0", "uptime"])
        #expect(compare([open(0)], [open(0)], reading: [0]) == [])
        #expect(compare([open(0, ended: true)], [open(0)]) == [])
        #expect(compare([open(0)], [denied]) == ["-0", "uptime"])
        #expect(compare([open(0, ended: true)], [denied]) == ["uptime"])
        // Below a folder that can be read no more nobody has seen it go; it can never be whole all the same.
        var (inside, closed) = (open(1), entry("d"))
        inside.manifest.path = bytes("d/uptime")
        closed.manifest = ManifestEntry(omitting: bytes("d"), .sourceDenied)
        #expect(compare([entry("d", .folder), inside], [closed]) == ["x1", "d"])
    }

    @Test func componentsComeInTheOrderOfTheWalk() {
        let order = ["a", "a/b", "a/b/c", "a\u{1}", "a.x", "b"].map { bytes($0) }
        for (index, left) in order.enumerated() {
            for (other, right) in order.enumerated() {
                #expect(ManifestComparison.precedes(left, right) == (index < other))
            }
        }
    }

    /// A file that could not be read is sent once it can, and one that can be read no more is named.
    @Test func whatCanBeReadNow() {
        func omitted(_ reason: SkipReason) -> SourceEntry {
            var entry = entry("b", number: 1)
            entry.manifest = ManifestEntry(omitting: bytes("b"), reason)
            return entry
        }
        let before = [entry("a"), omitted(.sourceDenied)]
        #expect(compare(before, before) == [])
        #expect(compare(before, [entry("a"), entry("b")]) == ["-1", "b"])
        #expect(compare(before, [entry("a"), omitted(.unreadable)]) == ["-1", "b"])
        #expect(compare(before, [entry("a")]) == ["x1"])
    }

    /// What arrived stays, and is named; once it can be read again the word goes, and it comes anew where it differs.
    @Test(arguments: [1, 2, 100]) func whatCanBeReadNoMoreIsNotGone(_ step: Int) {
        func omitted(_ path: String, number: UInt64 = 0) -> SourceEntry {
            var entry = entry(path, number: number)
            entry.manifest = ManifestEntry(omitting: bytes(path), .sourceDenied)
            return entry
        }
        let offered = manifest("a", "b", "d", "d/x", "d/y", "e")
        let unread = [entry("a"), omitted("b"), omitted("d"), entry("e")]
        #expect(compare(offered, unread, step: step) == ["b", "d"])
        let named = offered + [omitted("b", number: 6), omitted("d", number: 7)]
        #expect(compare(named, unread, step: step) == [])
        let read = ["a", "b", "d", "d/x", "d/y", "e"].map { entry($0) }
        #expect(compare(named, read, step: step) == ["x6", "x7"])
        #expect(
            compare(named, [entry("a"), entry("b", version: 2), omitted("d"), entry("e")], step: step) == [
                "-1", "-6", "b",
            ])
        // A folder that can be read and has lost a file has lost it.
        #expect(compare(named, read.filter { $0.manifest.path != bytes("d/x") }, step: step) == ["x3", "x6", "x7"])
    }
}
