public import MeshWire

/// What happens while a transfer runs. For a terminal, for `--json`, and for programs that use the library.
public enum TransferEvent: Sendable {
    /// Sender: the code the other side types, `xxxx-xxxx-xxxx-c`.
    case code(String)
    /// Listening at these addresses.
    case listening([NodeAddress])
    /// Looking for, or waiting for, the other side.
    case waiting
    case connected(peer: NodeID, name: String, isResumed: Bool)
    /// Receiver: somebody wants to send; sender: the offer left.
    case offer(Offer)
    case progress(TransferProgress)
    /// A file stands under its final name (receiver), or was sealed (sender). The path is escaped for output.
    /// `offeredAs`: its path at the sender, where the name was taken and it got another.
    case file(path: String, size: UInt64, offeredAs: String? = nil)
    /// An entry that does not stand at the destination as it was offered; on both sides, at the end. The path is escaped.
    case leftOut(path: String, reason: SkipReason)
    /// So many more of these, which only the journal names.
    case moreLeftOut(UInt64)
    /// Something was left out or done again; one sentence.
    case warning(String)
    /// No byte came for 3 s; told once each time. Without lanes there is no connection, with lanes no answer.
    case stalled(seconds: Double, lanes: Int)
    /// The peer was lost; it is waited for.
    case lost(reason: String)
    case done(TransferSummary)
    /// Sender to several members: what came of one of them; no `failure`: it has everything.
    case target(name: String, failure: MeshError?)
}

/// A snapshot of a running transfer; at most ten a second.
public struct TransferProgress: Sendable, Hashable {
    public var transfer: TransferID
    /// Plain bytes that are there, resumed ones included.
    public var bytes: UInt64
    /// Plain bytes of the whole; grows while `isCounting`.
    public var totalBytes: UInt64
    public var isCounting: Bool
    public var files: UInt64
    public var totalFiles: UInt64
    /// Bytes of chunk frames on the lanes in this session.
    public var wireBytes: UInt64
    /// Plain bytes a second, averaged over the last seconds.
    public var rate: Double
    /// Seconds to go at this rate; nil while unknown.
    public var remaining: Double?
    public var lanes: Int
    /// Seconds since the last byte where none came for 3 s; nil while bytes flow.
    public var stalled: Double? = nil
}

/// How a transfer ended.
public struct TransferSummary: Sendable, Hashable {
    public var transfer: TransferID
    public var files: UInt64
    public var bytes: UInt64
    public var wireBytes: UInt64
    public var chunks: UInt64
    public var chunksResumed: UInt64
    public var chunksRetried: UInt64
    /// From the moment the offer was accepted: whoever was waited for before costs no speed.
    public var seconds: Double
    public var root: Digest
    /// Entries that are wanted and cannot be there.
    public var skipped: UInt64
    /// Entries that the receiver's conflict rule left as they were.
    public var kept: UInt64 = 0
    /// Files among `files` that were there already.
    public var unchanged: UInt64 = 0
    /// Sources that could not be read or kept changing.
    public var failed: UInt64
    public var isDurable: Bool
    /// What decides the exit code: `.done`, `.partial`, `.sourceChanged`.
    public var outcome: ExitCode
}
