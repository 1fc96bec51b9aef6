import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire

/// What a sending transfer works with, for one peer.
struct SendContext: Sendable {
    /// News for the program, before it is put into words.
    enum News: Sendable {
        case offered(TransferSums, isCounting: Bool)
        case sealed([SourceEntry])
        case warning(SourceEntry, DiskError)
        case gaveUp([SourceEntry])
    }

    let node: NodeContext
    let record: TransferRecord
    let source: FileSource
    let manifest: ManifestWriter
    let peer: PeerIdentity
    let compression: CompressionMode
    let emit: @Sendable (News) -> Void

    var journal: Journal { node.journal }

    func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await node.blocking(work)
    }
}

/// Whether files are still what the walk saw.
enum SealCheck {
    /// A file that cannot be looked at any more counts as changed.
    static func check(_ entries: [SourceEntry], source: some ChunkSource) -> SendEvent {
        var unchanged: [SourceEntry] = []
        var changed: [SourceEntry] = []
        for entry in entries {
            if (try? source.isUnchanged(entry)) == true { unchanged.append(entry) } else { changed.append(entry) }
        }
        return .sealsChecked(unchanged: unchanged, changed: changed)
    }
}

/// The entries that take files back and add them anew.
enum Withdrawal {
    /// `lost`: those that are taken back for good, since they may not be tried again or are gone.
    static func entries(
        for entries: [SourceEntry], again: Bool, source: some ChunkSource
    ) -> (amended: [SourceEntry], lost: [SourceEntry]) {
        var (amended, lost): ([SourceEntry], [SourceEntry]) = ([], [])
        for entry in entries {
            let back = ManifestEntry(kind: .withdrawal, path: [], size: entry.number)
            amended.append(SourceEntry(number: 0, manifest: back, identity: entry.identity))
            if again, let fresh = try? source.restat(entry) { amended.append(fresh) } else { lost.append(entry) }
        }
        return (amended, lost)
    }
}
