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

    /// Reads every rule about what is left out, before anything is offered: one that cannot be obeyed ends the transfer
    /// here, wherever in the tree it lies.
    func check() async throws {
        let (roots, exclude) = (record.roots, try IgnorePatterns(options.exclude))
        let walk = try await node.blocking { try SourceWalk(roots: roots, exclude: exclude, foldersAlone: true) }
        while try await node.blocking({ try !walk.next(limit: Self.batch).isEmpty }) { try Task.checkCancellation() }
    }

    func run() async throws {
        guard !record.isManifestComplete else { return }
        let walk = try await begin()
        var seen: UInt64 = 0
        while true {
            try Task.checkCancellation()
            let entries = try await node.blocking { try walk.next(limit: Self.batch) }
            try await manifest.append(entries, complete: entries.isEmpty)
            for skipped in walk.takeSkipped() { report.event(.warning("\(skipped)")) }
            report.failed(walk.missedCount - seen, changed: false)
            seen = walk.missedCount
            if entries.isEmpty { break }
        }
        guard await manifest.totals.entries > 0 else {
            throw MeshError(
                .disk, "nothing could be read of what was to be sent: check the paths and their permissions")
        }
    }

    /// An interrupted walk goes on behind the last entry that it recorded.
    private func begin() async throws -> SourceWalk {
        var last: [UInt8]?
        if record.totals.entries > 0 {
            last = try await node.journal.sourceEntries(of: record.id, from: record.totals.entries - 1, limit: 1).first?
                .manifest.path
        }
        let (record, exclude, behind) = (record, try IgnorePatterns(options.exclude), last)
        return try await node.blocking {
            try SourceWalk(roots: record.roots, exclude: exclude, continuing: record.totals, after: behind)
        }
    }
}
