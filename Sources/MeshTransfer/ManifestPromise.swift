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

    package init(_ sums: TransferSums) {
        self.sums = sums
    }

    /// The next entry arrived, and `totals` are the sums with it. False where that was not offered.
    package mutating func allows(_ entry: ManifestEntry, totals: ManifestTotals) -> Bool {
        if totals.entries < sums.entries {
            // Sums only grow: what is beyond the offer by now was not offered.
            return totals.files <= sums.files && totals.bytes <= sums.bytes && totals.allocated <= sums.allocated
        }
        if totals.entries == sums.entries {
            return totals.files == sums.files && totals.bytes == sums.bytes && totals.allocated == sums.allocated
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
