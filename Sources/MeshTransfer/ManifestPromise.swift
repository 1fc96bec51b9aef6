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
    /// What came of the manifest with earlier links.
    private let known: ManifestTotals

    /// `known`: what came of the manifest with earlier links.
    package init(_ sums: TransferSums, known: ManifestTotals = ManifestTotals()) {
        self.sums = sums
        self.known = known
    }

    /// Whether so many bytes may have come. A sender that lost its power has perhaps forgotten ends that it had told: it reads
    /// those files anew, and they count once more.
    private func fits(_ bytes: UInt64) -> Bool { bytes <= sums.bytes || bytes - sums.bytes <= known.bytes }

    /// The end of a file was told, and `totals` are the sums with it. What was taken back and added anew may be larger.
    package func allowsEnd(totals: ManifestTotals) -> Bool {
        totals.entries > sums.entries || fits(totals.bytes)
    }

    /// The next entry arrived, and `totals` are the sums with it. False where that was not offered.
    package mutating func allows(_ entry: ManifestEntry, totals: ManifestTotals) -> Bool {
        if totals.entries <= sums.entries {
            if entry.isOpen { open.insert(totals.entries - 1) }
            if entry.kind == .withdrawal { open.remove(entry.size) }
        }
        if totals.entries < sums.entries {
            // Sums only grow: what is beyond the offer by now was not offered.
            return totals.files <= sums.files && fits(totals.bytes) && totals.allocated <= sums.allocated
        }
        if totals.entries == sums.entries {
            let isWhole = totals.files == sums.files && totals.allocated == sums.allocated && open.isEmpty
            // Ends of what came with an earlier link may be missing of the bytes: a lost lane did not bring them.
            return isWhole && (known.entries > 0 ? fits(totals.bytes) : totals.bytes == sums.bytes)
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
