package import MeshWire

/// Compares sources, walked once more, with what their manifest says of them: what was added, changed or removed since.
///
/// The manifest begins with its first walk, whose order is that of every walk, so both are read side by side; only what came
/// behind it, for files that changed, is held. Usage: give `kept` while it is wanted, then an entry of the walk, and again; at
/// the end `finish`.
package struct ManifestComparison: Sendable {
    /// What came behind the first walk and was not taken back, by path.
    private var later: [[UInt8]: [SourceEntry]]
    private var kept: ArraySlice<SourceEntry> = []
    private var isKeptWhole = false
    /// What this walk could not read.
    private var unseen: Set<[UInt8]> = []
    /// Entries to take back whose sources are there in another form, each followed by that form; and forms that are new.
    private var present: [SourceEntry] = []
    /// Entries to take back whose sources are gone, in the walk's order.
    private var gone: [SourceEntry] = []
    /// Entries of open length that are being read at present.
    private let reading: Set<UInt64>

    package init(later: [[UInt8]: [SourceEntry]], reading: Set<UInt64> = []) {
        self.later = later
        self.reading = reading
    }

    /// More of the first walk's entries are needed before the next one of this walk.
    package var wantsKept: Bool { kept.isEmpty && !isKeptWhole }

    /// The next entries of the first walk, without those that were taken back; none where it is over.
    package mutating func add(kept entries: [SourceEntry], isLast: Bool) {
        kept += entries
        isKeptWhole = isLast
    }

    /// An entry of this walk. False where more of the first one is wanted: to be said once more then.
    package mutating func walked(_ entry: SourceEntry) -> Bool {
        let path = entry.manifest.path
        while let first = kept.first, Self.precedes(first.manifest.path, path) {
            if !stays(first) { gone.append(first) }
            kept.removeFirst()
        }
        if wantsKept { return false }
        var known = kept.first?.manifest.path == path ? [kept.removeFirst()] : []
        known += later.removeValue(forKey: path) ?? []
        if entry.manifest.kind == .omission { unreadable(entry, known) } else { compare(entry, known) }
        return true
    }

    /// What cannot be read any more stays as it is known, and so does all that lies below it: nobody has seen it go. `known`:
    /// what was offered, and the word that it could not be read, where there are any.
    private mutating func unreadable(_ entry: SourceEntry, _ known: [SourceEntry]) {
        unseen.insert(entry.manifest.path)
        let isSaid = known.contains { isSame($0, entry) }
        // What was begun and is read by nobody can never be whole.
        let void = known.filter { isAbandoned($0) || $0.manifest.kind == .omission && !isSame($0, entry) }
        present += void.map { Self.withdrawal(of: $0, isGone: isSaid) }
        if !isSaid { present.append(entry) }
    }

    private mutating func compare(_ entry: SourceEntry, _ known: [SourceEntry]) {
        let isKnown = known.contains { isSame($0, entry) }
        for old in known where !isSame(old, entry) {
            // Where nothing takes its place it is gone: a word that holds no more.
            present.append(Self.withdrawal(of: old, isGone: isKnown))
        }
        if !isKnown { present.append(entry) }
    }

    /// Nobody has seen it go, and it is whole or can become so.
    private func stays(_ entry: SourceEntry) -> Bool { isUnseen(entry) && !isAbandoned(entry) }

    /// A folder above could not be read.
    private func isUnseen(_ entry: SourceEntry) -> Bool {
        let path = entry.manifest.path
        return !unseen.isEmpty
            && path.indices.contains { path[$0] == UInt8(ascii: "/") && unseen.contains(Array(path[..<$0])) }
    }

    /// The walk is over. False where more of the first one is wanted.
    package mutating func finish() -> Bool {
        gone += kept.filter { !stays($0) }
        kept = []
        guard isKeptWhole else { return false }
        gone += later.values.joined().filter { !stays($0) }.sorted {
            Self.precedes($0.manifest.path, $1.manifest.path)
        }
        later = [:]
        return true
    }

    /// What makes the manifest say what the sources are, unnumbered: what a folder holds goes before the folder.
    package var amendments: [SourceEntry] { gone.reversed().map { Self.withdrawal(of: $0, isGone: true) } + present }

    /// The same in pieces of this many, or one more: what is taken back and what takes its place are written down together.
    package func amendments(inPiecesOf count: Int) -> [[SourceEntry]] {
        var pieces: [[SourceEntry]] = []
        for amendment in amendments {
            if let last = pieces.last, last.count < count || last.last?.isHalf == true {
                pieces[pieces.count - 1].append(amendment)
            } else {
                pieces.append([amendment])
            }
        }
        return pieces
    }

    package var isUnchanged: Bool { gone.isEmpty && present.isEmpty }

    // MARK: entries

    private static func withdrawal(of entry: SourceEntry, isGone: Bool) -> SourceEntry {
        SourceEntry(
            number: 0, manifest: ManifestEntry(withdrawing: entry.number, isGone: isGone), identity: entry.identity)
    }

    private func isSame(_ old: SourceEntry, _ new: SourceEntry) -> Bool {
        let was = old.manifest
        let now = new.manifest
        guard was.kind == now.kind else { return false }
        switch was.kind {
        case .link: return was.target == now.target
        case .folder: return (was.mode, was.seconds, was.nanoseconds) == (now.mode, now.seconds, now.nanoseconds)
        // It is another whenever it is read, and counts as it was then.
        case .file where was.room > 0: return now.room > 0 && was.mode == now.mode && !isAbandoned(old)
        case .file:
            return (was.size, was.mode, was.seconds, was.nanoseconds) == (
                now.size, now.mode, now.seconds, now.nanoseconds
            )
                && now.room == 0 && old.identity == new.identity
        case .omission: return was.size == now.size
        case .withdrawal: return true
        }
    }

    /// Its end was not told before a process ended, and nobody reads it any more: it is read anew, as an entry of its own.
    private func isAbandoned(_ entry: SourceEntry) -> Bool {
        entry.manifest.isOpen && !reading.contains(entry.number)
    }

    /// The walk's order: components by their bytes, so that `a/b` comes before `a.x`.
    package static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        let slash = UInt8(ascii: "/")
        let place = zip(left, right).first { $0 != $1 }
        guard let place else { return left.count < right.count }
        return place.1 != slash && (place.0 == slash || place.0 < place.1)
    }
}

extension SourceEntry {
    /// A withdrawal whose source is there in another form, which follows it.
    fileprivate var isHalf: Bool { manifest.kind == .withdrawal && !manifest.isOfGone }
}

/// Splits a manifest into its first walk and what came behind it.
package struct ManifestSections: Sendable {
    /// The number of the first entry behind the first walk.
    package private(set) var end: UInt64 = 0
    /// What came behind it and was not taken back, by path: a file, or the word that it could not be read, or both.
    package private(set) var later: [[UInt8]: [SourceEntry]] = [:]
    private var last: [UInt8] = []
    private var isBehind = false
    private let withdrawn: NumberSet

    /// `withdrawn`: entries that were taken back.
    package init(withdrawn: NumberSet) {
        self.withdrawn = withdrawn
    }

    /// The manifest's entries, in order.
    package mutating func add(_ entries: [SourceEntry]) {
        for entry in entries {
            let isNext = last.isEmpty || ManifestComparison.precedes(last, entry.manifest.path)
            isBehind = isBehind || entry.manifest.kind == .withdrawal || !isNext
            guard isBehind else {
                end = entry.number + 1
                last = entry.manifest.path
                continue
            }
            guard entry.manifest.kind != .withdrawal, !withdrawn.contains(entry.number) else { continue }
            later[entry.manifest.path, default: []].append(entry)
        }
    }
}
