package import MeshWire

/// What an offer said of its manifest, once the sender had counted all of it: a person accepted that and no more.
///
/// The entries offered must add up to the sums offered. Behind them a sender may only take files back and add those anew,
/// since they changed while it read them: no more files than it took back, of whatever size they are by then, or the word
/// that they can be read no more.
package struct ManifestPromise: Hashable, Sendable {
    private let sums: TransferSums
    /// Files taken back behind the entries offered, and not added anew.
    private var replaceable: UInt64 = 0
    /// What was taken back: once more does not count.
    private var takenBack = NumberSet()
    /// Entries whose ends the sender had not told: all of them were taken back before the offer, which names their sums.
    private var open = NumberSet()
    /// Entries that came with an earlier link have ends that are still to be told.
    private let awaitsEnds: Bool

    /// `known`: what came of the manifest with earlier links.
    package init(_ sums: TransferSums, known: ManifestTotals = ManifestTotals()) {
        self.sums = sums
        awaitsEnds = known.entries > 0
    }

    /// The end of a file was told, and `totals` are the sums with it. What was taken back and added anew may be larger.
    package func allowsEnd(totals: ManifestTotals) -> Bool {
        totals.entries > sums.entries || totals.bytes <= sums.bytes
    }

    /// The next entry arrived, and `totals` are the sums with it. False where that was not offered.
    package mutating func allows(_ entry: ManifestEntry, totals: ManifestTotals) -> Bool {
        if totals.entries <= sums.entries {
            if entry.isOpen { open.insert(totals.entries - 1) }
            if entry.kind == .withdrawal { open.remove(entry.size) }
        }
        if totals.entries < sums.entries {
            // Sums only grow: what is beyond the offer by now was not offered.
            return totals.files <= sums.files && totals.bytes <= sums.bytes && totals.allocated <= sums.allocated
        }
        if totals.entries == sums.entries {
            // Ends that a lost lane did not bring may be missing of the bytes.
            let isWhole = totals.files == sums.files && totals.allocated == sums.allocated && open.isEmpty
            return isWhole && (awaitsEnds ? totals.bytes <= sums.bytes : totals.bytes == sums.bytes)
        }
        switch entry.kind {
        case .withdrawal:
            if !takenBack.contains(entry.size) { replaceable += 1 }
            takenBack.insert(entry.size)
            return true
        case .file, .omission:
            guard replaceable > 0 else { return false }
            replaceable -= 1
            return true
        case .folder, .link: return false
        }
    }
}
