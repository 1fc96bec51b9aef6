package import MeshWire

/// What tells that a part file is the object this transfer wrote, and not another put in its place.
package struct PartIdentity: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    /// Birth time, nanoseconds since 1970; 0 where the file system keeps none.
    package var born: Int64

    package init(device: UInt64, inode: UInt64, born: Int64) {
        self.device = device
        self.inode = inode
        self.born = born
    }
}

/// How far a received entry has come. Each step is committed before the next is taken.
package enum EntryState: Int, Sendable, CaseIterable {
    /// Known from the manifest; chunks may have been committed.
    case open = 0
    /// The sender confirmed that the file did not change while it was read.
    case sealed = 1
    /// All chunks are committed and the rename to the final name may have happened.
    case finishing = 2
    /// Stands under its final name.
    case finished = 3
    /// Left out, by a rule or because the destination cannot hold it.
    case skipped = 4
    /// Taken back by the sender.
    case withdrawn = 5
}

/// A manifest entry as its receiver keeps it.
package struct ReceivedEntry: Hashable, Sendable {
    package var number: UInt64
    package var manifest: ManifestEntry
    package var state: EntryState
    /// The part file (or, from `finishing` on, the final file); nil until its first chunk is written.
    package var part: PartIdentity?
    /// The name it got in its folder where that differs from the manifest's, or nil.
    package var finalName: [UInt8]?
    /// The finished file and its folder are known to have reached the disk.
    package var isDurable: Bool
    /// Of a folder: nil until it was looked for at the destination.
    package var origin: FolderOrigin?
    /// Of one that was left out.
    package var reason: SkipReason?

    package init(
        number: UInt64, manifest: ManifestEntry, state: EntryState = .open, part: PartIdentity? = nil,
        finalName: [UInt8]? = nil, isDurable: Bool = false, origin: FolderOrigin? = nil, reason: SkipReason? = nil
    ) {
        self.number = number
        self.manifest = manifest
        self.state = state
        self.part = part
        self.finalName = finalName
        self.isDurable = isDurable
        self.origin = origin
        self.reason = reason
    }
}

extension ReceivedEntry {
    /// Where it stands once it is finished: its path, with the name that it got.
    package var finalPath: [UInt8] {
        guard let finalName else { return manifest.path }
        let slash = manifest.path.lastIndex(of: UInt8(ascii: "/"))
        return manifest.path.prefix(slash.map { $0 + 1 } ?? 0) + finalName
    }
}

extension ManifestEntry {
    /// Some file systems take no such name: characters that other systems give a meaning, controls, a dot or blank at the end,
    /// and bytes that are no text.
    package var hasDoubtfulName: Bool {
        let slash = path.lastIndex(of: UInt8(ascii: "/"))
        let name = path.dropFirst(slash.map { $0 + 1 } ?? 0)
        guard let last = name.last, last != UInt8(ascii: "."), last != UInt8(ascii: " ") else { return true }
        let special = Array("\"*:<>?\\|".utf8)
        if name.contains(where: { $0 < 0x20 || $0 == 0x7f || special.contains($0) }) { return true }
        return String(validating: name, as: UTF8.self) == nil
    }
}

extension [SkipReason: NumberSet] {
    /// Something that was wanted is not there.
    package var isMissed: Bool { contains { $0.key.kind == .missing && !$0.value.isEmpty } }
}

/// One chunk's row: on the receiver verified and committed, on the sender acknowledged.
package struct ChunkRecord: Hashable, Sendable {
    package var number: UInt64
    package var digest: Digest
    /// The row was written in the machine's present boot.
    package var isThisBoot: Bool
    /// The data is known to have reached the disk.
    package var isSynced: Bool

    package init(number: UInt64, digest: Digest, isThisBoot: Bool = true, isSynced: Bool = false) {
        self.number = number
        self.digest = digest
        self.isThisBoot = isThisBoot
        self.isSynced = isSynced
    }
}

/// Something that had to be done again, for the record.
package struct RetryRecord: Hashable, Sendable {
    /// What was tried again.
    package enum Subject: Hashable, Sendable {
        case chunk(UInt64)
        case lane(prime: UInt16)
        case channel(epoch: UInt32)
        case entry(UInt64)
    }

    package var subject: Subject
    /// A short reason such as `digest` or `lane lost`.
    package var reason: String
    /// Nanoseconds since 1970.
    package var time: Int64

    package init(subject: Subject, reason: String, time: Int64) {
        self.subject = subject
        self.reason = reason
        self.time = time
    }
}

/// What the receiver makes permanent in one transaction, before it acknowledges or renames anything.
package struct CommitGroup: Hashable, Sendable {
    /// Chunks whose bytes are verified and handed to the file system.
    package var chunks: [ChunkRecord] = []
    /// Plain bytes of these.
    package var bytes: UInt64 = 0
    /// Parts created since the last group, by entry.
    package var parts: [UInt64: PartIdentity] = [:]
    /// Entries the sender sealed.
    package var sealed: [UInt64] = []
    /// Ends that were told of files of open length: plain bytes, by entry. They are sealed, too.
    package var lengths: [UInt64: UInt64] = [:]
    /// Entries about to be renamed, by entry: the identity that the final name will have.
    package var finishing: [UInt64: PartIdentity] = [:]
    /// Folders that were looked for, by entry: one that is to be made is written down before it is made.
    package var origins: [UInt64: FolderOrigin] = [:]
    /// Entries that ended: `finished` or `skipped`, with the name they got.
    package var ended: [EndedEntry] = []
    package var retries: [RetryRecord] = []

    package init() {}

    package var isEmpty: Bool { self == CommitGroup() }
}

/// An entry that needs nothing any more.
package struct EndedEntry: Hashable, Sendable {
    package var number: UInt64
    /// `finished` or `skipped`.
    package var state: EntryState
    /// Its name in its folder where it differs from the manifest's.
    package var finalName: [UInt8]?
    /// Why it was `skipped`.
    package var reason: SkipReason?

    package init(number: UInt64, state: EntryState, finalName: [UInt8]? = nil, reason: SkipReason? = nil) {
        self.number = number
        self.state = state
        self.finalName = finalName
        self.reason = reason
    }

    package init(skipped number: UInt64, _ reason: SkipReason) {
        self.init(number: number, state: .skipped, reason: reason)
    }
}
