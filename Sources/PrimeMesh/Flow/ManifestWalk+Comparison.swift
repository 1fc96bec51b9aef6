import MeshDisk
import MeshJournal
import MeshTransfer
import MeshWire

// A transfer that goes on, and one that is run once more after its end: what became of the sources since they were walked?
extension ManifestWalk {
    /// Entries looked at before others have their turn.
    private static let step = 1_024

    /// Brings the manifest up to what the sources are now: what changed or was added comes behind, what is gone is taken back.
    func bringUpToDate() async throws {
        let comparison = try await comparison()
        var rest = comparison.amendments[...]
        while !rest.isEmpty {
            // A withdrawal and what takes its place are written down together.
            var count = min(rest.count, Self.step)
            if count < rest.count, rest[rest.startIndex + count - 1].manifest.kind == .withdrawal { count += 1 }
            try await manifest.amend(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
    }

    /// Whether the sources are what the manifest says of them.
    func isUpToDate() async throws -> Bool { try await comparison().isUnchanged }

    private func comparison() async throws -> ManifestComparison {
        let withdrawn = try await node.journal.withdrawnEntries(of: record.id)
        let sections = try await sections(withdrawn)
        var comparison = ManifestComparison(later: sections.later)
        var next: UInt64 = 0
        let exclude = try IgnorePatterns(options.exclude)
        let own = options.includesKeys == true ? [] : node.home.ownFiles
        let roots = record.roots
        let walk = try await node.blocking { try SourceWalk(roots: roots, exclude: exclude, own: own) }
        while case let batch = try await node.blocking({ try walk.next(limit: Self.step) }), !batch.isEmpty {
            try Task.checkCancellation()
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
        let entries = try await node.journal.sourceEntries(of: record.id, from: next, limit: limit)
        let end = next + UInt64(entries.count)
        let live = entries.filter { !withdrawn.contains($0.number) }
        comparison.add(kept: live, isLast: entries.isEmpty || end >= sections.end)
        return end
    }

    private func sections(_ withdrawn: NumberSet) async throws -> ManifestSections {
        var sections = ManifestSections(withdrawn: withdrawn)
        var next: UInt64 = 0
        while true {
            let entries = try await node.journal.sourceEntries(of: record.id, from: next, limit: Self.step)
            guard let last = entries.last else { return sections }
            sections.add(entries)
            next = last.number + 1
        }
    }
}
