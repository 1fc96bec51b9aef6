package import MeshWire

/// Compares the sources of a transfer, walked once more, with what its journal says of them.
package struct SourceComparison: Sendable {
    /// Entries of the journal looked at together.
    private static let step = 1_024

    private let journal: any TransferJournal
    private let transfer: TransferID
    private let reading: Set<UInt64>

    /// `reading`: entries of open length that are being read at present.
    package init(journal: any TransferJournal, transfer: TransferID, reading: Set<UInt64>) {
        self.journal = journal
        self.transfer = transfer
        self.reading = reading
    }

    /// `walk` gives the sources' next entries in the walk's order, and none at its end.
    package func run(_ walk: () async throws -> [SourceEntry]) async throws -> ManifestComparison {
        let withdrawn = try await journal.withdrawnEntries(of: transfer)
        let sections = try await sections(withdrawn)
        var comparison = ManifestComparison(later: sections.later, reading: reading)
        var next: UInt64 = 0
        while case let batch = try await walk(), !batch.isEmpty {
            for entry in batch {
                while !comparison.walked(entry) { next = try await feed(&comparison, from: next, sections, withdrawn) }
            }
        }
        while !comparison.finish() { next = try await feed(&comparison, from: next, sections, withdrawn) }
        return comparison
    }

    /// Gives the comparison more of the first walk; answers where that goes on.
    private func feed(
        _ comparison: inout ManifestComparison, from next: UInt64, _ sections: ManifestSections, _ withdrawn: NumberSet
    ) async throws -> UInt64 {
        let limit = Int(min(sections.end - next, UInt64(Self.step)))
        let entries = try await journal.sourceEntries(of: transfer, from: next, limit: limit)
        let end = next + UInt64(entries.count)
        let live = entries.filter { !withdrawn.contains($0.number) }
        comparison.add(kept: live, isLast: entries.isEmpty || end >= sections.end)
        return end
    }

    private func sections(_ withdrawn: NumberSet) async throws -> ManifestSections {
        var sections = ManifestSections(withdrawn: withdrawn)
        var next: UInt64 = 0
        while true {
            let entries = try await journal.sourceEntries(of: transfer, from: next, limit: Self.step)
            guard let last = entries.last else { return sections }
            sections.add(entries)
            next = last.number + 1
        }
    }
}
