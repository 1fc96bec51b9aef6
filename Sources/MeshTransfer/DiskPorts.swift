// Station 2: what the engine asks of a disk. `MeshDisk` implements these over the file system, the test kit over memory.
// All calls block and run on the thread pool. Both are used from several threads at once.
package import MeshWire
package import NIOCore

/// Reads source files. Obligations: a path is opened without following links below the root it was given as; a read
/// that meets another file than the walk did answers `DiskError.changed`, and so does one of open length of which the chunk
/// is not held any more.
package protocol ChunkSource: Sendable {
    /// Fills `regions` in order with the file's bytes from `offset` on; answers true where all of them lie in a hole, in
    /// which case nothing was read.
    func read(
        _ entry: SourceEntry, offset: UInt64, into regions: [UnsafeMutableRawBufferPointer]
    ) throws(DiskError) -> Bool
    /// True while size, modification time, change time, device and inode are those of the walk.
    func isUnchanged(_ entry: SourceEntry) throws(DiskError) -> Bool
    /// The entry as it is now, for adding it again at the end; nil where it is gone or no file any more.
    func restat(_ entry: SourceEntry) throws(DiskError) -> SourceEntry?
    /// No more chunks of this entry are needed for now; its descriptor may be closed. One of open length is not read further,
    /// and what is held of it goes.
    func release(_ entry: SourceEntry)
    /// Chunks of a file of open length that were read and are held.
    func held(_ entry: SourceEntry) -> NumberSet
    /// These chunks are kept at the other side, and their digests here: what is held of them may go.
    func kept(_ chunks: NumberSet)
}

/// Writes destination files. Obligations: nothing outside the destination folder is ever touched; a final name only
/// ever holds a whole, verified file; every call is safe to repeat after a crash.
package protocol ChunkSink: Sendable {
    /// Bytes free for this user in the destination's file system.
    func freeSpace() throws(DiskError) -> UInt64
    /// Whether something stands at the entry's final path, and if so its size, modification time and kind.
    func existing(_ entry: ManifestEntry) throws(DiskError) -> ExistingFile?
    /// Whether what stands under the entry's final name answers to that name in other letters, too: capitals for small ones.
    func foldsCase(_ entry: ReceivedEntry) throws(DiskError) -> Bool
    /// Writes one chunk at its offset into the entry's part file, which is made on first use; answers the identity of
    /// the part. An empty `slices` means `length` zero bytes (a hole).
    func write(
        _ entry: ReceivedEntry, offset: UInt64, length: Int, slices: [ByteBuffer]
    ) throws(DiskError) -> PartIdentity
    /// The part's (or, from `finishing` on, the renamed file's) identity and size in bytes; nil where there is none, or where
    /// it is not a regular file of ours with link count 1.
    func inspectPart(_ entry: ReceivedEntry) throws(DiskError) -> (identity: PartIdentity, size: UInt64)?
    /// Reads back from the part (or finished file): for hashing again what may not have reached the disk.
    func readBack(
        _ entry: ReceivedEntry, offset: UInt64, into region: UnsafeMutableRawBufferPointer
    ) throws(DiskError)
    /// Mode, modification time, then rename without replacing by the conflict rule. Makes the part of an empty file. Where
    /// the entry was `finishing` and the part is gone, looks for the file that was renamed and answers for it.
    func finish(_ entry: ReceivedEntry, rule: ConflictRule) throws(DiskError) -> EndedEntry
    /// Makes a folder (and those above it) so that it can be written to; its mode and time come at the very end.
    func makeFolder(_ entry: ManifestEntry) throws(DiskError)
    /// Gives a folder that this transfer made its mode and modification time; one that was there before has the mode again
    /// that it had.
    func finishFolder(_ entry: ReceivedEntry) throws(DiskError)
    /// Makes a link; `skipped` where its target leads out of the tree and `allowOutside` is false, or by the conflict rule.
    func makeLink(_ entry: ReceivedEntry, rule: ConflictRule, allowOutside: Bool) throws(DiskError) -> EndedEntry
    /// Everything written to the destination's file system reaches the disk before this returns. Fails where a write
    /// failed since the sink was made.
    func syncAll() throws(DiskError)
    /// Removes what the entry has left, if anything: its part, and where it was finished the file under its final name,
    /// as long as that is still the same object.
    func discard(_ entry: ReceivedEntry) throws(DiskError)
    /// Closes what is open for this entry.
    func release(_ entry: ReceivedEntry)
}

/// What stands where an entry would go.
package struct ExistingFile: Hashable, Sendable {
    package var kind: EntryKind?
    package var size: UInt64
    package var seconds: Int64
    package var nanoseconds: UInt32
    /// 12 bits: permissions, setuid, setgid, sticky.
    package var mode: UInt16

    package init(kind: EntryKind?, size: UInt64, seconds: Int64, nanoseconds: UInt32, mode: UInt16) {
        self.kind = kind
        self.size = size
        self.seconds = seconds
        self.nanoseconds = nanoseconds
        self.mode = mode
    }
}

/// What happens to an entry whose final name is taken.
public enum ConflictRule: String, Sendable, Codable, CaseIterable {
    /// The new file gets a number: `name (1).txt`.
    case rename
    /// The old file stays, the new one is not transferred.
    case skip
    /// The new file replaces the old one, in one step.
    case overwrite
    /// The later modification time wins.
    case newer
}

extension ConflictRule {
    /// Why what is there stays as it is; nil where the new entry is to come.
    package func reasonToKeep(_ there: ExistingFile, over entry: ManifestEntry) -> SkipReason? {
        guard self == .skip || self == .newer else { return nil }
        let (old, new) = ((there.seconds, there.nanoseconds), (entry.seconds, entry.nanoseconds))
        if there.kind == entry.kind, entry.kind == .file, there.size == entry.size, old == new { return .unchanged }
        if self == .skip { return .exists }
        return new <= old ? .older : nil
    }
}

/// Why a disk could not do what was asked. Paths are escaped for people.
package enum DiskError: Error, Hashable, Sendable {
    /// No space or quota left (ENOSPC, EDQUOT).
    case full(path: String)
    /// EACCES, EPERM, EROFS.
    case denied(path: String, errno: Int32)
    case notFound(path: String)
    /// The source is not what the walk saw.
    case changed(path: String)
    /// What the receiver made, or the folder it was made in, is gone, or something else stands in its place.
    case displaced(path: String)
    /// A path component is a link, or leads out of the destination.
    case escapes(path: String)
    /// Something of another kind stands in the way: a file where a folder must be, or the reverse.
    case inTheWay(path: String)
    /// The destination cannot hold this entry; it can others.
    case unfit(path: String, SkipReason)
    /// Descriptors ran out (EMFILE, ENFILE).
    case tooManyOpenFiles(path: String)
    /// Any other error of the system.
    case failed(path: String, operation: String, errno: Int32)
}
