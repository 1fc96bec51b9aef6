import MeshDisk
import MeshTransfer

// A transfer that goes on, and one that is run once more after its end: what became of the sources since they were walked?
extension ManifestWalk {
    /// Entries looked at before others have their turn, and written down together.
    private static let step = 1_024

    /// Brings the manifest up to what the sources are now: what changed or was added comes behind, what is gone is taken back.
    func bringUpToDate() async throws {
        for piece in try await comparison().amendments(inPiecesOf: Self.step) { try await manifest.amend(piece) }
    }

    /// Whether the sources are what the manifest says of them.
    func isUpToDate() async throws -> Bool { try await comparison().isUnchanged }

    private func comparison() async throws -> ManifestComparison {
        let exclude = try IgnorePatterns(options.exclude)
        let own = options.includesKeys == true ? [] : node.home.ownFiles
        let roots = record.roots
        let walk = try await node.blocking { try SourceWalk(roots: roots, exclude: exclude, own: own) }
        let reading = await manifest.reading
        return try await SourceComparison(journal: node.journal, transfer: record.id, reading: reading).run {
            try Task.checkCancellation()
            return try await node.blocking { try walk.next(limit: Self.step) }
        }
    }
}
