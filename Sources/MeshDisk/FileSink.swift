import CPosix
import Glibc
package import MeshTransfer
package import MeshWire
import Synchronization

/// Writes the files of a transfer below one folder (station 2 of the receiver; `ChunkDecoder` comes before, the
/// journal's commit after).
///
/// A file is written under a name of the transfer's own in its final folder and renamed when it is whole. Whatever a
/// peer sends, and whatever links stand in the destination, nothing outside of it is touched.
package final class FileSink: ChunkSink {
    /// The part of an entry, open for reading and writing.
    struct Part: Sendable {
        let file: Descriptor
        let identity: PartIdentity
    }

    /// Absolute, for people.
    let destination: [UInt8]
    private let transfer: TransferID
    private let permissions: PermissionRule
    let folders: DestinationFolders
    /// The destination opened for reading, from the start: the kernel tells its holder of every write that failed
    /// since. Nil where this user may not read it.
    let listing: Descriptor?
    let parts: DescriptorCache<UInt64, Part>
    /// Files have the same numbers at each mount: what was renamed before a crash is known again by its number.
    let keepsInodes: Bool
    /// Who owns what this process makes: its user, but on mounts that give all files to one user, that one.
    private let owner = Atomic<UInt32>(geteuid())
    private let user = geteuid()

    /// Opens `destination`, an absolute path, and makes it and the folders above it where they are missing.
    package init(
        destination: [UInt8], transfer: TransferID, permissions: PermissionRule = .sender, openParts: Int = 128,
        openFolders: Int = 64
    ) throws(DiskError) {
        do {
            let root = try Self.makeDestination(destination)
            folders = DestinationFolders(root, capacity: openFolders)
            keepsInodes = root.keepsInodes
            listing = try? root.open([UInt8(ascii: ".")], O_RDONLY | O_DIRECTORY)
            // Who looks for parts that nobody owns leaves those below a folder whose lock is held. Where the file system
            // has no locks there is none.
            _ = try? listing?.call("fcntl") { Int(mesh_lock_shared($0)) }
        } catch {
            throw DiskError(error, path: destination)
        }
        self.destination = destination
        self.transfer = transfer
        self.permissions = permissions
        parts = DescriptorCache(capacity: openParts)
    }

    // MARK: the destination

    package func freeSpace() throws(DiskError) -> UInt64 { try space(\.f_bavail) }

    /// Bytes that the destination's file system has in all.
    package func capacity() throws(DiskError) -> UInt64 { try space(\.f_blocks) }

    private func space(_ blocks: (statvfs) -> fsblkcnt_t) throws(DiskError) -> UInt64 {
        var info = statvfs()
        do { try folders.root.descriptor.call("statvfs") { Int(fstatvfs($0, &info)) } } catch {
            throw DiskError(error, path: destination)
        }
        let (bytes, overflow) = UInt64(blocks(info)).multipliedReportingOverflow(by: UInt64(info.f_frsize))
        return overflow ? .max : bytes
    }

    /// The mount that the destination lies on.
    package func mount() throws(DiskError) -> MountIdentity {
        do { return try MountIdentity(folders.root.descriptor) } catch { throw DiskError(error, path: destination) }
    }

    package func existing(_ entry: ManifestEntry) throws(DiskError) -> ExistingFile? {
        try within(entry, create: false, absent: nil) { folder, name throws(SystemError) in
            try folder.statusIfPresent(name).map { status in
                ExistingFile(
                    kind: status.kind, size: status.size, seconds: status.seconds,
                    nanoseconds: status.nanoseconds, mode: status.mode)
            }
        }
    }

    package func foldsCase(_ entry: ReceivedEntry) throws(DiskError) -> Bool {
        try within(entry.manifest, create: false, absent: false) { folder, _ throws(SystemError) in
            let name = entry.finalName ?? entry.name
            guard name.inOtherLetters != name, let status = try folder.statusIfPresent(name),
                let other = try folder.statusIfPresent(name.inOtherLetters)
            else { return false }
            if keepsInodes { return other.key == status.key }
            return other.kind == status.kind && other.size == status.size
                && (other.seconds, other.nanoseconds) == (status.seconds, status.nanoseconds)
        }
    }

    package func release(_ entry: ReceivedEntry) {
        parts.remove(entry.number)
    }

    // MARK: folders

    package func makeFolder(_ entry: ManifestEntry) throws(DiskError) {
        let path = try checkedPath(entry)
        try located(entry) { () throws(SystemError) in
            try folders.with(path.components[...], create: true) { _ throws(SystemError) in }
        }
    }

    package func finishFolder(_ entry: ReceivedEntry) throws(DiskError) {
        let manifest = entry.manifest
        try within(manifest, create: false) { folder, name throws(SystemError) in
            let status = try folder.status(name)
            guard status.kind == .folder else { throw SystemError(ENOTDIR, "chmod") }
            // What a folder passes on to those in it (setgid) is none of the sender's bits.
            let given = status.mode & 0o7000
            switch entry.origin {
            case .made:
                try folder.setMode(name, newMode(manifest) | given)
                try folder.setModified(name, manifest.seconds, manifest.nanoseconds)
            case .there where permissions == .all:
                try folder.setMode(name, newMode(manifest) | given)
            case .there(let mode):
                // It was opened up to write into it, or somebody else has changed it.
                guard status.mode != mode, status.mode == mode | 0o700 else { return }
                try folder.setMode(name, mode)
            case nil: break
            }
        }
    }

    // MARK: shared by the other files

    /// The mode of what this transfer makes.
    func newMode(_ manifest: ManifestEntry) -> UInt16 {
        let bits = manifest.mode & 0o777
        return permissions == .receiver ? bits & ~Umask.current : bits
    }

    /// With the receiver's rights the part gets owner and mode of what it is about to replace under `name`.
    func inherit(_ part: [UInt8], from name: [UInt8], in folder: Folder) throws(SystemError) {
        guard permissions == .receiver, let status = try folder.statusIfPresent(name), status.kind == .file else {
            return
        }
        _ = try folder.setOwner(part, status.owner, status.group)
        try folder.setMode(part, status.mode)
    }

    /// The name of an entry's part in its final folder.
    func partName(_ entry: ReceivedEntry) -> [UInt8] {
        EntryPath.partName(transfer, entry: entry.number)
    }

    /// A regular file of ours that nobody else has a second name for.
    func isOurs(_ status: FileStatus) -> Bool {
        let isOwn = status.owner == user || status.owner == owner.load(ordering: .relaxed)
        return status.kind == .file && status.links == 1 && isOwn
    }

    /// Remembers who owns what we just made.
    func recordOwner(_ status: FileStatus) {
        owner.store(status.owner, ordering: .relaxed)
    }

    /// Runs `body` with the folder that holds the entry and its name there.
    func within<R>(
        _ entry: ManifestEntry, create: Bool, _ body: (Folder, [UInt8]) throws(SystemError) -> R
    ) throws(DiskError) -> R {
        let path = try checkedPath(entry)
        return try located(entry) { () throws(SystemError) in
            try folders.with(path.folder, create: create) { folder throws(SystemError) in
                try body(folder, path.name)
            }
        }
    }

    /// The same, answering `absent` where there is no such folder.
    func within<R>(
        _ entry: ManifestEntry, create: Bool, absent: R, _ body: (Folder, [UInt8]) throws(SystemError) -> R
    ) throws(DiskError) -> R {
        let path = try checkedPath(entry)
        return try located(entry) { () throws(SystemError) in
            do throws(SystemError) {
                return try folders.with(path.folder, create: create) { folder throws(SystemError) in
                    try body(folder, path.name)
                }
            } catch {
                guard error.code == ENOENT else { throw error }
                return absent
            }
        }
    }

    func located<R>(_ entry: ManifestEntry, _ body: () throws(SystemError) -> R) throws(DiskError) -> R {
        do { return try body() } catch { throw failure(error, entry) }
    }

    /// What was there a moment ago and is not any more was no source that changed: another program took it away.
    func failure(_ error: SystemError, _ entry: ManifestEntry) -> DiskError {
        let path = fullPath(entry, error.subject)
        if error.code == ESTALE || error.code == ENOENT { return .displaced(path: EntryPath.escaped(path)) }
        // Where nothing can be made in the destination at all, it is not the entry that does not fit.
        guard let reason = SkipReason(error), reason != .denied || isWritable else {
            return DiskError(error, path: path)
        }
        return .unfit(path: EntryPath.escaped(path), reason)
    }

    private var isWritable: Bool {
        let here = [UInt8(ascii: ".")]
        let answer = try? folders.root.descriptor.call("access") { at in
            here.withPath { Int(faccessat(at, $0, W_OK | X_OK, AT_EACCESS)) }
        }
        return answer != nil
    }

    /// Absolute, of the entry or of something else below the destination, for people.
    func fullPath(_ entry: ManifestEntry, _ other: [UInt8]? = nil) -> [UInt8] {
        destination + [UInt8(ascii: "/")] + (other ?? entry.path)
    }

    /// The entry's path, which a peer sent: refused where it is no path below the destination, or a part's name.
    private func checkedPath(_ entry: ManifestEntry) throws(DiskError) -> EntryPath {
        guard let path = try? EntryPath(entry.path), !path.isReserved else {
            throw .escapes(path: EntryPath.escaped(entry.path))
        }
        return path
    }

    private static func makeDestination(_ path: [UInt8]) throws(SystemError) -> Folder {
        do { return try Folder(path: path) } catch {
            guard error.code == ENOENT else { throw error }
        }
        for end in path.indices.dropFirst() where path[end] == UInt8(ascii: "/") {
            try makeOne(Array(path[..<end]))
        }
        try makeOne(path)
        return try Folder(path: path)
    }

    /// With the rights the user's umask leaves, as `mkdir -p`.
    private static func makeOne(_ path: [UInt8]) throws(SystemError) {
        do throws(SystemError) { _ = try attempt("mkdir") { path.withPath { Int(mkdir($0, 0o777)) } } } catch {
            // Some systems answer EROFS or EACCES for what exists: opening it at the end decides.
            guard error.code == EEXIST || error.code == EROFS || error.code == EACCES else { throw error }
        }
    }
}
