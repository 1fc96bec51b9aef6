public import MeshTransfer
public import MeshWire

/// How a one-shot command meets its peer.
public struct MeetingOptions: Sendable {
    /// Where to listen for the control link and, by default, for lanes; port 0 takes any. Empty: every interface, any port.
    public var listen: [NodeAddress] = []
    /// Where to listen for lanes instead.
    public var dataListen: [NodeAddress] = []
    /// Addresses to dial; with one or more, this side dials, and the other listens.
    public var peers: [NodeAddress] = []
    /// How long a first peer is waited for, seconds. Nil: as long as the code lives (sender), or 30.
    public var wait: Double?
    /// How long a lost peer is waited for, seconds.
    public var patience: Double = 600

    public init() {}
}

/// What is sent in place of paths, once and to one receiver: it cannot be resumed in another process.
public struct SendInput: Sendable {
    /// Where the bytes come from.
    public enum Source: Sendable {
        /// Standard input, read to its end.
        case standardInput
        /// These bytes.
        case text([UInt8])
    }

    public var source: Source
    /// The name that the receiver's file gets: one component of a path; bytes, not text.
    public var name: [UInt8]

    public init(_ source: Source, name: [UInt8]) {
        self.source = source
        self.name = name
    }
}

/// What `pmesh send` asks for.
public struct SendRequest: Sendable {
    /// Paths as given, absolute or relative; bytes, not text.
    public var paths: [[UInt8]]
    /// Sent instead of paths.
    public var input: SendInput?
    /// The one-time code, as typed or chosen; nil draws one.
    public var code: String?
    /// Members by name instead of a code; each is a transfer of its own.
    public var to: [String] = []
    public var compression: CompressionMode = .auto
    /// gitignore patterns; bytes, as paths are.
    public var exclude: [[UInt8]] = []
    /// This node's own key, authority, journal and settings are sent where they lie among the paths: for a backup.
    public var includesKeys = false
    /// Where the sources changed after a transfer under this code has ended, another one begins with the same pair.
    public var again = false
    public var meeting = MeetingOptions()

    public init(paths: [[UInt8]]) {
        self.paths = paths
    }
}

/// What `pmesh receive` asks for.
public struct ReceiveRequest: Sendable {
    /// The code; nil waits for what members send.
    public var code: String?
    /// Destination folder; made if it does not exist.
    public var out: [UInt8]
    /// The one file that is taken is written to standard output instead, in order; another process cannot go on with it.
    public var passesOn = false
    public var onConflict: ConflictRule = .rename
    /// Links that lead out of the tree are made too.
    public var allLinks = false
    /// Whose permission bits received entries have.
    public var permissions: PermissionRule = .sender
    /// Data is synced before each commit, folders after each rename.
    public var fsync = false
    public var meeting = MeetingOptions()

    public init(out: [UInt8]) {
        self.out = out
    }
}

/// What a person decides on.
public struct Offer: Sendable {
    public var transfer: TransferID
    public var sender: NodeID
    public var senderName: String
    /// Names at the top of the manifest, as far as the first page shows; escaped for output.
    public var names: [String]
    public var files: UInt64
    public var bytes: UInt64
    /// The sender still counts: the sums are lower bounds.
    public var isCounting: Bool
    /// It is read from a pipe: what was interrupted begins anew, from both sides.
    public var isPiped = false
}
