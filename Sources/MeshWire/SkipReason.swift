/// Why an entry does not stand at the destination as it was offered. The receiver tells the sender, the sender tells the
/// receiver, and both journals keep it.
public enum SkipReason: UInt8, Sendable, Hashable, CaseIterable {
    // The receiver's own rule.
    /// Something has the name, and the rule is `skip`.
    case exists = 1
    /// What has the name is as new or newer, and the rule is `newer`.
    case older = 2
    /// What has the name has the same size and time: it is there.
    case unchanged = 3
    /// A link out of the tree.
    case outside = 4
    /// It is there, under another name or in a folder that it shares: its name differs from another one's in case only, and
    /// the file system takes both for one.
    case folded = 5
    /// It came, and another one of the same transfer has replaced it: their names differ in case only, and the file system takes
    /// both for one.
    case overlaid = 6

    // The destination cannot hold it.
    /// EINVAL, EILSEQ; on some file systems ENOENT.
    case name = 16
    case longName = 17
    /// Beyond the file system's, or this process's, limit of a file's size.
    case size = 18
    /// The file system has no symbolic links.
    case noLinks = 19
    /// Something of another kind has the name, or that of a folder above.
    case inTheWay = 20
    /// A folder above is a link.
    case throughLink = 21
    case denied = 22

    // The sender took it back.
    /// It changed whenever it was read, vanished, or could not be read to its end.
    case changing = 32

    // The sender could not offer it.
    /// It has no permission to read it. Of a folder: nothing below it is sent.
    case sourceDenied = 48
    /// It could not be read, for any other reason.
    case unreadable = 49
    /// More components than a path may have, or more bytes.
    case tooDeep = 50
}

extension SkipReason {
    /// Who decided, which says what it means for the end.
    package enum Kind: Hashable, Sendable {
        /// It stays as it was, because a person wanted that.
        case kept
        /// It is there.
        case there
        /// It is wanted and is not there.
        case missing
        /// The same, because its source did not hold still.
        case changing
    }

    package var kind: Kind {
        switch self {
        case .exists, .older: .kept
        case .unchanged, .folded: .there
        case .outside, .overlaid, .name, .longName, .size, .noLinks, .inTheWay, .throughLink, .denied: .missing
        case .sourceDenied, .unreadable, .tooDeep: .missing
        case .changing: .changing
        }
    }

    /// The receiver's own rule left what was there.
    public var isKept: Bool { kind == .kept }

    /// It stands at the destination.
    public var isThere: Bool { kind == .there }

    /// Its bytes did not come: what the transfer's root counts leaves it out.
    package var isLeftOut: Bool { self != .folded && self != .overlaid }

    /// The destination refused it: what was written of it is removed.
    package var isRefusal: Bool { rawValue >= 16 && rawValue < 32 }

    /// The receiver may say it of an entry: its own rule, or what its file system cannot hold.
    package var isReceivers: Bool { rawValue < 32 }

    /// The sender says it of what it cannot offer (``EntryKind/omission``).
    package var isOmission: Bool { rawValue >= 48 }

    /// Half a sentence, for people.
    public var text: String {
        switch self {
        case .exists: "something stands there already"
        case .older: "what stands there is as new or newer"
        case .unchanged: "it is there already"
        case .outside: "the link leads out of the tree (--links all makes it)"
        case .folded: "another name differs from it in case only, which the file system there does not tell apart"
        case .overlaid:
            "another file of this transfer has replaced it there: their names differ in case only (--on-conflict rename keeps both)"
        case .name: "the file system there does not take such a name"
        case .longName: "the name is too long for the file system there"
        case .size: "the file is larger than the file system there takes"
        case .noLinks: "the file system there has no symbolic links"
        case .inTheWay: "something of another kind has its name there, or that of a folder above it"
        case .throughLink: "a folder above it is a link there, which is not followed"
        case .denied: "no permission there"
        case .changing: "it kept changing or vanished while it was sent"
        case .sourceDenied: "the sender has no permission to read it"
        case .unreadable: "the sender could not read it"
        case .tooDeep: "it lies too deep or its path is too long (send the folder it is in)"
        }
    }

    /// One word, for programs.
    public var word: String {
        switch self {
        case .exists: "exists"
        case .older: "older"
        case .unchanged: "unchanged"
        case .outside: "outside"
        case .folded: "folded"
        case .overlaid: "overlaid"
        case .name: "name"
        case .longName: "long-name"
        case .size: "size"
        case .noLinks: "no-links"
        case .inTheWay: "in-the-way"
        case .throughLink: "through-link"
        case .denied: "denied"
        case .changing: "changing"
        case .sourceDenied: "source-denied"
        case .unreadable: "unreadable"
        case .tooDeep: "too-deep"
        }
    }
}
