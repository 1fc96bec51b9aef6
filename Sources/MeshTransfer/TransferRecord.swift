package import MeshWire

/// Which way the data of a transfer goes, seen from this node.
public enum TransferDirection: String, Sendable, Codable, CaseIterable {
    case send
    case receive
}

/// Where a transfer stands; the journal's word on it.
public enum TransferState: String, Sendable, Codable, CaseIterable {
    /// Under way, or interrupted and resumable.
    case active
    /// Held by a person; resumed by a person.
    case paused
    /// All there, verified, receipt exchanged.
    case done
    /// Done but for entries that were skipped, withdrawn or could not be read.
    case partial
    /// Ended with an error that a resume may mend.
    case failed
    /// Ended by a person on either side.
    case cancelled

    /// It has its receipt.
    package var isSettled: Bool {
        switch self {
        case .done, .partial: true
        case .active, .paused, .failed, .cancelled: false
        }
    }
}

/// What the journal keeps of a transfer as a whole.
package struct TransferRecord: Hashable, Sendable {
    package var id: TransferID
    package var direction: TransferDirection
    /// The other side, once known.
    package var peer: NodeID?
    /// The code it runs under, by tag; nil between members of a mesh.
    package var code: Bytes16?
    /// Sender: absolute paths, as given, sorted. Receiver: the one destination folder, absolute. Bytes, not text.
    package var roots: [[UInt8]]
    package var state: TransferState
    /// How entries and their totals stand; grows while the sender walks.
    package var totals: ManifestTotals
    /// The walk is over (sender) or the manifest is here whole (receiver).
    package var isManifestComplete: Bool
    /// Options that a resume must repeat (conflict rule, links, exclusions), as JSON that `PrimeMesh` reads and writes.
    package var options: [UInt8]
    /// Nanoseconds since 1970.
    package var created: Int64
    /// Nanoseconds since 1970.
    package var updated: Int64
    /// The last error's sentence, for people.
    package var message: String?

    package init(
        id: TransferID, direction: TransferDirection, peer: NodeID? = nil, code: Bytes16? = nil, roots: [[UInt8]],
        state: TransferState = .active, totals: ManifestTotals = ManifestTotals(), isManifestComplete: Bool = false,
        options: [UInt8] = [], created: Int64, updated: Int64, message: String? = nil
    ) {
        self.id = id
        self.direction = direction
        self.peer = peer
        self.code = code
        self.roots = roots
        self.state = state
        self.totals = totals
        self.isManifestComplete = isManifestComplete
        self.options = options
        self.created = created
        self.updated = updated
        self.message = message
    }
}

/// Sums over a manifest's entries so far.
package struct ManifestTotals: Hashable, Sendable {
    /// Entries of every kind: the next entry's number.
    package var entries: UInt64 = 0
    /// Files among them, withdrawn ones included.
    package var files: UInt64 = 0
    /// Chunks of all files: the next file's first chunk.
    package var chunks: UInt64 = 0
    /// Plain bytes of all files.
    package var bytes: UInt64 = 0
    /// Bytes they take on the sender's disk.
    package var allocated: UInt64 = 0

    package init() {}

    /// Counts `entry` in. Answers false where its first chunk is not the one that is due, or a withdrawal names no
    /// earlier entry: numbers are never shifted or reused.
    package mutating func add(_ entry: ManifestEntry) -> Bool {
        guard entry.firstChunk == chunks, entries < Limits.entries else { return false }
        if entry.kind == .withdrawal && entry.size >= entries { return false }
        entries += 1
        guard entry.kind == .file else { return true }
        files += 1
        chunks += ChunkPlan.numbers(of: entry)
        let (sum, overflow) = bytes.addingReportingOverflow(entry.size)
        bytes = sum
        allocated &+= min(entry.allocated, entry.size &+ 1 << 20)
        return !overflow && chunks <= Limits.chunks
    }

    /// A file of open length has ended behind so many bytes. False where that is more than can be.
    package mutating func tell(_ size: UInt64) -> Bool {
        let (sum, overflow) = bytes.addingReportingOverflow(size)
        bytes = sum
        return !overflow
    }
}
