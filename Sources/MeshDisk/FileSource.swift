import CPosix
import Glibc
package import MeshTransfer
package import MeshWire
import Synchronization

/// Reads the files of a transfer (station 2 of the sender; the session decides what, `ChunkEncoder` comes next).
///
/// A file is opened below the folder that its root lies in, without following a link from there on, and must be the
/// one that the walk saw: device, inode, size and times. A root that has vanished makes its entries vanish, not the
/// others'.
package final class FileSource: ChunkSource {
    private struct Base: Sendable {
        /// The folder that the root lies in, by its absolute path.
        let folder: [UInt8]
        let name: [UInt8]
        /// The root as given, for people.
        let path: [UInt8]
    }

    /// From this size on the kernel is told to read ahead further, bytes.
    private static let readAheadSize: UInt64 = 4 * 1024 * 1024
    /// Up to this size a file is one chunk, and closed once it was compared after reading.
    private static let readAtOnce: UInt64 = 256 * 1024

    /// By the first component of their entries' paths.
    private let bases: [[UInt8]: Base]
    private let files: DescriptorCache<UInt64, Descriptor>
    /// What entries of open length are read from; nil: their own paths.
    private let input: OpenReader.Input?
    private let reading = Mutex<OpenReader?>(nil)
    /// Folders that hold roots, by path: one for all roots of a folder, and no more than these however many roots there are.
    private let folders = DescriptorCache<[UInt8], Folder>(capacity: 32)

    /// Looks the roots up; at most `openFiles` files are kept open.
    /// `input`: what entries of open length are read from; nil where they are files of the kernel.
    package init(
        roots: [[UInt8]], input: OpenReader.Input? = nil, openFiles: Int = 64
    ) throws(SourceError) {
        var bases: [[UInt8]: Base] = [:]
        for path in roots {
            guard let root = try Self.lookUp(path) else { continue }
            bases[root.name] = Base(folder: root.folder, name: root.base, path: path)
        }
        self.bases = bases
        files = DescriptorCache(capacity: openFiles)
        self.input = input
    }

    /// What it sends is read once, from no path.
    package var isPiped: Bool { input != nil }

    /// Reads entries of open length; the first call makes it.
    package func reader() throws(DiskError) -> OpenReader {
        try reading.withLock { reader throws(DiskError) in
            if let reader { return reader }
            let fresh = try OpenReader { [unowned self] entry throws(DiskError) in try self.openInput(entry) }
            reader = fresh
            return fresh
        }
    }

    private func openInput(_ entry: SourceEntry) throws(DiskError) -> OpenInput {
        switch input {
        case .bytes(let bytes): .memory(MemoryInput(bytes))
        case .standardInput:
            try located(entry) { () throws(SystemError) in
                // Closed with the reading; the program's own stays.
                .pipe(Descriptor(try attempt("dup") { Int(mesh_duplicate(0)) }))
            }
        case nil:
            try located(entry) { () throws(SystemError) in .file(try openAnew(entry)) }
        }
    }

    package func read(
        _ entry: SourceEntry, offset: UInt64, into regions: [UnsafeMutableRawBufferPointer]
    ) throws(DiskError) -> Bool {
        guard entry.manifest.room == 0 else {
            let number = entry.manifest.firstChunk + offset / UInt64(Limits.openChunk)
            guard try reader().copy(number, into: regions) else {
                throw .changed(path: EntryPath.escaped(entry.manifest.path))
            }
            return false
        }
        return try located(entry) { () throws(SystemError) in
            let file = try open(entry)
            let length = regions.reduce(0) { $0 + $1.count }
            let range = offset..<offset + UInt64(length)
            if entry.manifest.allocated < entry.manifest.size, try !file.hasData(in: range) {
                // A file cut short has no data there either.
                guard try file.status().size >= range.upperBound else { throw SystemError(ESTALE, "read") }
                return true
            }
            let vectors = regions.map { iovec(iov_base: $0.baseAddress, iov_len: $0.count) }
            guard try file.read(into: vectors, at: offset) == length else { throw SystemError(ESTALE, "read") }
            return false
        }
    }

    package func isUnchanged(_ entry: SourceEntry) throws(DiskError) -> Bool {
        // What was read of it stays what it is.
        guard entry.manifest.room == 0 else { return true }
        return try located(entry) { () throws(SystemError) in
            // The open file tells what was read; the path tells whether it is still the file of that name.
            let isSmall = entry.manifest.size <= Self.readAtOnce
            let file = isSmall ? files.remove(entry.number) : files.value(for: entry.number)
            if let file, try !entry.isDescribed(by: file.status()) { return false }
            if entry.isDescribed(by: quickStatus(of: entry)) { return true }
            return try status(of: entry).map(entry.isDescribed) ?? false
        }
    }

    package func restat(_ entry: SourceEntry) throws(DiskError) -> SourceEntry? {
        files.remove(entry.number)
        return try located(entry) { () throws(SystemError) in
            // A pipe is read once.
            guard input == nil, let status = try status(of: entry), status.kind == .file else { return nil }
            // That it is there says nothing of whether it may be read.
            _ = try openAnew(entry)
            var fresh = entry
            guard entry.manifest.room == 0 else {
                let old = entry.manifest
                fresh.manifest = ManifestEntry(
                    open: old.path, room: old.room, mode: status.permissions, seconds: status.seconds,
                    nanoseconds: status.nanoseconds)
                return fresh
            }
            fresh.manifest.size = status.size
            fresh.manifest.allocated = status.allocated
            fresh.manifest.mode = status.permissions
            fresh.manifest.seconds = status.seconds
            fresh.manifest.nanoseconds = status.nanoseconds
            fresh.identity = entry.identity == .none ? .none : status.source
            return fresh
        }
    }

    package func release(_ entry: SourceEntry) {
        files.remove(entry.number)
        if entry.manifest.room > 0 { try? reader().drop(entry) }
    }

    package func held(_ entry: SourceEntry) -> NumberSet {
        guard let held = try? reader().held else { return NumberSet() }
        return held.intersection(NumberSet(FilePlan(entry: entry.number, manifest: entry.manifest).numbers))
    }

    package func kept(_ chunks: NumberSet) {
        reading.withLock { $0 }?.kept(chunks)
    }

    // MARK: opening

    private func open(_ entry: SourceEntry) throws(SystemError) -> Descriptor {
        if let open = files.value(for: entry.number) { return open }
        let file = try openAnew(entry)
        guard try entry.isDescribed(by: file.status()) else { throw SystemError(ESTALE, "open") }
        if entry.manifest.size >= Self.readAheadSize {
            try file.call("read ahead") { number in
                _ = posix_fadvise(number, 0, 0, POSIX_FADV_SEQUENTIAL)
                return 0
            }
        }
        return files.insert(file, for: entry.number)
    }

    private func openAnew(_ entry: SourceEntry) throws(SystemError) -> Descriptor {
        guard let (folder, path) = try place(of: entry) else { throw SystemError(ENOENT, "open") }
        // A fifo put in the file's place must not stop the thread.
        do { return try folder.openBeneath(path[...], O_RDONLY | O_NONBLOCK | O_NOCTTY) } catch {
            switch error.code {
            // A link, a file where a folder was, a socket or a device: not what the walk saw.
            case ELOOP, EXDEV, ENOTDIR, ENXIO, ENODEV: throw SystemError(ESTALE, "open")
            default: throw error
            }
        }
    }

    /// The same in one call, which may follow a folder that became a link: it can confirm an identity, nothing else.
    private func quickStatus(of entry: SourceEntry) -> FileStatus? {
        guard let (folder, path) = try? place(of: entry) else { return nil }
        return try? folder.status(Array(path.joined(separator: [UInt8(ascii: "/")])))
    }

    /// What stands at the entry's path now; nil where nothing does.
    private func status(of entry: SourceEntry) throws(SystemError) -> FileStatus? {
        do {
            guard let (folder, path) = try place(of: entry) else { return nil }
            return try folder.openBeneath(path[...], mesh_o_path).status()
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR, ELOOP, EXDEV: return nil
            default: throw error
            }
        }
    }

    /// Nil where the entry's root is gone.
    private func place(of entry: SourceEntry) throws(SystemError) -> (folder: Folder, path: [[UInt8]])? {
        guard let path = try? EntryPath(entry.manifest.path), let first = path.components.first,
            let base = bases[first]
        else { return nil }
        return (try folder(base.folder), [base.name] + path.components.dropFirst())
    }

    private func folder(_ path: [UInt8]) throws(SystemError) -> Folder {
        if let open = folders.value(for: path) { return open }
        return folders.insert(try Folder(path: path), for: path)
    }

    /// Nil where the root is gone.
    private static func lookUp(_ path: [UInt8]) throws(SourceError) -> SourceRoot? {
        do { return try SourceRoot(path) } catch {
            if case .disk(.notFound) = error { return nil }
            throw error
        }
    }

    private func located<R>(
        _ entry: SourceEntry, _ body: () throws(SystemError) -> R
    ) throws(DiskError) -> R {
        do { return try body() } catch {
            let components = entry.manifest.path.split(separator: UInt8(ascii: "/"), maxSplits: 1).map(Array.init)
            let root = components.first.flatMap { bases[$0]?.path } ?? components.first ?? []
            let path = ([root] + components.dropFirst()).joined(separator: [UInt8(ascii: "/")])
            throw DiskError(error, path: Array(path))
        }
    }
}

extension SourceEntry {
    /// A regular file of the recorded size and modification time, and of the recorded identity where it has one.
    fileprivate func isDescribed(by status: FileStatus?) -> Bool {
        guard let status else { return false }
        guard identity == .none || status.source == identity else { return false }
        return status.kind == .file && status.size == manifest.size
            && status.seconds == manifest.seconds && status.nanoseconds == manifest.nanoseconds
    }
}
