public import MeshTransfer
public import MeshWire

/// One transfer as the journal knows it.
public struct TransferInfo: Sendable, Hashable {
    public var id: TransferID
    public var direction: TransferDirection
    public var state: TransferStatus
    public var peer: NodeID?
    public var peerName: String?
    /// Source paths or the destination, escaped for output.
    public var paths: [String]
    /// Topmost names of what is moved, the first few, escaped for output; and whether there are more.
    public var names: [String]
    public var hasMoreNames: Bool
    /// Where those names lie or go, escaped for output; nil where sources lie in several folders.
    public var folder: String?
    public var files: UInt64
    public var bytes: UInt64
    /// Plain bytes committed (receiver) or acknowledged (sender).
    public var bytesDone: UInt64
    public var chunks: UInt64
    public var chunksDone: UInt64
    /// Nanoseconds since 1970.
    public var created: Int64
    /// Nanoseconds since 1970.
    public var updated: Int64
    public var message: String?
    /// From the receipt, once there is one.
    public var root: Digest?
    public var isDurable: Bool?
    public var skipped: UInt64?
    /// The receipt's signature was checked just now.
    public var isReceiptValid: Bool?
    /// Where one transfer was asked for, not in lists.
    public var retries: TransferRetries?
}

/// How often something of a transfer was tried again, of the latest 1,000 times.
public struct TransferRetries: Sendable, Hashable {
    /// Chunks that arrived damaged.
    public var chunks: UInt64
    /// Lanes that were lost.
    public var lanes: UInt64
    /// Channels that were agreed on anew.
    public var channels: UInt64
    /// Files that changed while they were sent.
    public var entries: UInt64

    public init(chunks: UInt64, lanes: UInt64, channels: UInt64, entries: UInt64) {
        self.chunks = chunks
        self.lanes = lanes
        self.channels = channels
        self.entries = entries
    }
}

/// What `pmesh history` filters by.
public struct HistoryQuery: Sendable {
    public var peer: String?
    public var direction: TransferDirection?
    public var states: [TransferStatus] = []
    /// Nanoseconds since 1970.
    public var since: Int64?
    /// Nanoseconds since 1970.
    public var until: Int64?
    /// Part of a path.
    public var name: String?
    public var limit = 100

    public init() {}
}

/// What `pmesh verify` found out about one file.
public struct VerifiedFile: Sendable, Hashable {
    public enum Verdict: Sendable, Hashable {
        case intact
        case missing
        /// Some of these bytes differ: those of a chunk, or of what is missing or too much.
        case damaged(Range<UInt64>)
        case unreadable(String)
    }
    /// Escaped for output.
    public var path: String
    public var size: UInt64
    public var verdict: Verdict
}

/// A member of the mesh as this node knows it.
public struct MemberInfo: Sendable, Hashable {
    public var name: String
    public var id: NodeID
    public var isSelf: Bool
    public var lastSeen: Int64?
    public var address: NodeAddress?
}
