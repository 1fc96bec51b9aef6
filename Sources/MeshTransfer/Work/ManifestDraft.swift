import MeshWire

/// Numbers a sender's entries, and says in which order they and the manifest's end are written down.
///
/// A walk that a crash interrupts goes on behind the last entry that was recorded, which must therefore be the walk's own:
/// what takes files back and adds them anew is kept until the walk's end is recorded.
package struct ManifestDraft: Hashable, Sendable {
    /// One transaction of the journal.
    package enum Write: Hashable, Sendable {
        case append([SourceEntry])
        case complete
        /// The file of open length with this number ended behind so many bytes.
        case length(UInt64, entry: UInt64)
    }

    package private(set) var totals: ManifestTotals
    package private(set) var isComplete: Bool
    private var deferred: [SourceEntry] = []

    package init(totals: ManifestTotals, isComplete: Bool) {
        self.totals = totals
        self.isComplete = isComplete
    }

    /// What the walk found, unnumbered; `isLast` where it is over.
    package mutating func walked(_ entries: [SourceEntry], isLast: Bool) throws(TransferError) -> [Write] {
        var writes = try append(entries)
        guard isLast, !isComplete else { return writes }
        isComplete = true
        writes.append(.complete)
        let amendments = deferred
        deferred = []
        return writes + (try append(amendments))
    }

    /// Files that are taken back, and those that are added anew behind that.
    package mutating func amended(_ entries: [SourceEntry]) throws(TransferError) -> [Write] {
        guard isComplete else {
            deferred += entries
            return []
        }
        return try append(entries)
    }

    /// A file of open length has ended.
    package mutating func told(_ size: UInt64, entry: UInt64) throws(TransferError) -> [Write] {
        guard totals.tell(size) else { throw .tooManyFiles }
        return [.length(size, entry: entry)]
    }

    private mutating func append(_ entries: [SourceEntry]) throws(TransferError) -> [Write] {
        guard !entries.isEmpty else { return [] }
        var numbered = entries
        for index in numbered.indices {
            numbered[index].number = totals.entries
            numbered[index].manifest.firstChunk = totals.chunks
            guard totals.add(numbered[index].manifest) else { throw .tooManyFiles }
        }
        return [.append(numbered)]
    }
}
