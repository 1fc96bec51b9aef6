import MeshDisk
import MeshJournal
import MeshTransfer
import MeshWire

/// Walks the sources into the manifest, beside the transfer: pages and chunks flow while this goes on.
struct ManifestWalk: Sendable {
    /// Entries of one transaction.
    private static let batch = 512

    let node: NodeContext
    let record: TransferRecord
    let options: SendOptions
    let manifest: ManifestWriter
    let report: TransferReport
    /// What is sent in place of paths.
    var input: SendInput?

    /// Reads every rule about what is left out, before anything is offered: one that cannot be obeyed ends the transfer
    /// here, wherever in the tree it lies.
    func check() async throws {
        let (roots, exclude) = (record.roots, try IgnorePatterns(options.exclude))
        let walk = try await node.blocking { try SourceWalk(roots: roots, exclude: exclude, foldersAlone: true) }
        while try await node.blocking({ try !walk.next(limit: Self.batch).isEmpty }) { try Task.checkCancellation() }
    }

    func run() async throws {
        guard await !manifest.isComplete else { return }
        if let input { return try await manifest.append([input.entry], complete: true) }
        let walk = try await begin()
        while true {
            try Task.checkCancellation()
            let entries = try await node.blocking { try walk.next(limit: Self.batch) }
            for skipped in walk.takeSkipped() where skipped.reason != .own { report.event(.warning("\(skipped)")) }
            for entry in entries {
                if let reason = entry.manifest.omissionReason { report.leftOut(entry.manifest.path, reason) }
            }
            if entries.isEmpty { break }
            try await manifest.append(entries, complete: false)
        }
        for sentence in Self.sentences(walk.counts) { report.event(.warning(sentence)) }
        // Before the manifest is said to be whole: the same command once more shall say the same.
        try await requireSomething(of: walk)
        try await manifest.append([], complete: true)
    }

    private func requireSomething(of walk: SourceWalk) async throws {
        guard await manifest.totals.entries <= walk.counts.omitted else { return }
        throw MeshError(
            .disk,
            "nothing is left of what was to be sent: check the paths and their permissions, and the warnings above")
    }

    /// What is told once for all files.
    static func sentences(_ counts: WalkCounts) -> [String] {
        var sentences: [String] = []
        if counts.own > 0 {
            sentences.append(
                "this node's own key, journal or settings are among the paths and stay here (files: \(counts.own)): --include-keys sends them"
            )
        }
        if counts.furtherNames > 0 {
            sentences.append(
                "some files have several names (hard links), and each name arrives as a file of its own (further names: \(counts.furtherNames))"
            )
        }
        return sentences
    }

    /// An interrupted walk goes on behind the last entry that it recorded.
    private func begin() async throws -> SourceWalk {
        var last: [UInt8]?
        if record.totals.entries > 0 {
            last = try await node.journal.sourceEntries(of: record.id, from: record.totals.entries - 1, limit: 1).first?
                .manifest.path
        }
        let (record, exclude, behind) = (record, try IgnorePatterns(options.exclude), last)
        let own = options.includesKeys == true ? [] : node.home.ownFiles
        return try await node.blocking {
            try SourceWalk(roots: record.roots, exclude: exclude, own: own, continuing: record.totals, after: behind)
        }
    }
}
