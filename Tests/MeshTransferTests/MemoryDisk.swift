import MeshTransfer
import MeshWire
import NIOCore
import Synchronization

/// One node's files in memory: a source to send from, a destination to receive into. Keeps the obligations of both
/// ports, so that what a session does to it it would do to a real one.
final class MemoryDisk: ChunkSource, ChunkSink {
    /// A file under its name. `version` stands for everything a change of it leaves behind: size, times, inode.
    struct File: Hashable, Sendable {
        var bytes: [UInt8]
        var version: Int64 = 0
    }

    struct State: Sendable {
        var files: [[UInt8]: File] = [:]
        var parts: [UInt64: (identity: PartIdentity, bytes: [UInt8])] = [:]
        /// Parts that this process made or opened.
        var open: Set<UInt64> = []
        var nextInode: UInt64 = 1
        /// What `finish` answered, by entry.
        var ended: [UInt64: EndedEntry] = [:]
        /// Reads of these paths fail.
        var failing: [[UInt8]: DiskError] = [:]
        var writesUntilFull: Int?
    }

    private let state = Mutex(State())

    func with<R: Sendable>(_ body: (inout sending State) -> sending R) -> R { state.withLock(body) }

    var files: [[UInt8]: File] { with { $0.files } }
    var partNumbers: Set<UInt64> { with { Set($0.parts.keys) } }

    /// Puts a file in its place, or changes the one that is there.
    func put(_ path: [UInt8], _ bytes: [UInt8]) {
        with { $0.files[path] = File(bytes: bytes, version: ($0.files[path]?.version ?? -1) + 1) }
    }

    /// The process that had parts open is gone; the parts stay.
    func crash() { with { $0.open = [] } }

    /// The file as an entry of a manifest, without its numbers.
    func entry(_ path: [UInt8]) -> SourceEntry? {
        guard let file = with({ $0.files[path] }) else { return nil }
        let size = UInt64(file.bytes.count)
        return SourceEntry(
            number: 0,
            manifest: ManifestEntry(
                kind: .file, path: path, size: size, allocated: file.bytes.allSatisfy { $0 == 0 } ? 0 : size,
                mode: 0o644),
            identity: SourceIdentity(device: 1, inode: 1, changed: file.version))
    }

    private func throwing<R: Sendable>(_ body: (inout State) throws(DiskError) -> R) throws(DiskError) -> R {
        try state.withLock { state in Result { () throws(DiskError) in try body(&state) } }.get()
    }
}

// MARK: ChunkSource

extension MemoryDisk {
    func read(
        _ entry: SourceEntry, offset: UInt64, into regions: [UnsafeMutableRawBufferPointer]
    ) throws(DiskError) -> Bool {
        let path = entry.manifest.path
        let file = try throwing { state throws(DiskError) in
            if let error = state.failing[path] { throw error }
            guard let file = state.files[path] else { throw .notFound(path: EntryPath.escaped(path)) }
            return file
        }
        let length = regions.reduce(0) { $0 + $1.count }
        guard file.version == entry.identity.changed, Int(offset) + length <= file.bytes.count else {
            throw .changed(path: EntryPath.escaped(path))
        }
        if entry.manifest.allocated == 0 { return true }
        file.bytes.withUnsafeBytes { bytes in
            var start = Int(offset)
            for region in regions {
                region.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + region.count]))
                start += region.count
            }
        }
        return false
    }

    func isUnchanged(_ entry: SourceEntry) throws(DiskError) -> Bool {
        with { $0.files[entry.manifest.path]?.version == entry.identity.changed }
    }

    func restat(_ entry: SourceEntry) throws(DiskError) -> SourceEntry? { self.entry(entry.manifest.path) }
    func release(_ entry: SourceEntry) {}
}

// MARK: ChunkSink

extension MemoryDisk {
    func freeSpace() throws(DiskError) -> UInt64 { 1 << 40 }

    func existing(_ entry: ManifestEntry) throws(DiskError) -> ExistingFile? {
        with { state in
            state.files[entry.path].map {
                ExistingFile(kind: .file, size: UInt64($0.bytes.count), seconds: 0, nanoseconds: 0)
            }
        }
    }

    func write(
        _ entry: ReceivedEntry, offset: UInt64, length: Int, slices: [ByteBuffer]
    ) throws(DiskError) -> PartIdentity {
        let path = EntryPath.escaped(entry.manifest.path)
        return try throwing { state throws(DiskError) in
            if let left = state.writesUntilFull {
                guard left > 0 else { throw .full(path: path) }
                state.writesUntilFull = left - 1
            }
            if entry.part == nil, !state.open.contains(entry.number) { state.make(entry) }
            guard let part = state.parts[entry.number], entry.part == nil || entry.part == part.identity else {
                throw .changed(path: path)
            }
            state.open.insert(entry.number)
            let bytes = slices.isEmpty ? [UInt8](repeating: 0, count: length) : slices.flatMap { $0.readableBytesView }
            guard bytes.count == length else { throw .failed(path: path, operation: "write", errno: 22) }
            let start = Int(offset)
            state.parts[entry.number]?.bytes.replaceSubrange(start..<start + length, with: bytes)
            return part.identity
        }
    }

    func inspectPart(_ entry: ReceivedEntry) throws(DiskError) -> (identity: PartIdentity, size: UInt64)? {
        with { state in state.parts[entry.number].map { ($0.identity, UInt64($0.bytes.count)) } }
    }

    func readBack(
        _ entry: ReceivedEntry, offset: UInt64, into region: UnsafeMutableRawBufferPointer
    ) throws(DiskError) {
        guard let part = with({ $0.parts[entry.number]?.bytes }), Int(offset) + region.count <= part.count else {
            throw .notFound(path: EntryPath.escaped(entry.manifest.path))
        }
        region.copyBytes(from: part[Int(offset)..<Int(offset) + region.count])
    }

    func finish(_ entry: ReceivedEntry, rule: ConflictRule) throws(DiskError) -> EndedEntry {
        try throwing { state throws(DiskError) in
            guard let part = state.parts[entry.number] else {
                // A kill may have come between the rename and the journal's word of it.
                if let ended = state.ended[entry.number] { return ended }
                throw .notFound(path: EntryPath.escaped(entry.manifest.path))
            }
            var name = entry.manifest.path
            var count = 0
            while rule == .rename, state.files[name] != nil {
                count += 1
                name = entry.manifest.path + bytes(" (\(count))")
            }
            state.files[name] = File(bytes: part.bytes)
            state.parts[entry.number] = nil
            state.open.remove(entry.number)
            let isGiven = name == entry.manifest.path
            let ended = EndedEntry(number: entry.number, state: .finished, finalName: isGiven ? nil : name)
            state.ended[entry.number] = ended
            return ended
        }
    }

    func makeFolder(_ entry: ManifestEntry) throws(DiskError) {}
    func finishFolder(_ entry: ManifestEntry) throws(DiskError) {}

    func makeLink(_ entry: ReceivedEntry, rule: ConflictRule, allowOutside: Bool) throws(DiskError) -> EndedEntry {
        EndedEntry(number: entry.number, state: .finished)
    }

    func sync(_ entry: ReceivedEntry, folder: Bool) throws(DiskError) {}

    func discardPart(_ entry: ReceivedEntry) throws(DiskError) {
        with {
            $0.parts[entry.number] = nil
            $0.open.remove(entry.number)
        }
    }

    func release(_ entry: ReceivedEntry) {}
}

extension MemoryDisk.State {
    fileprivate mutating func make(_ entry: ReceivedEntry) {
        let identity = PartIdentity(device: 1, inode: nextInode, born: 0)
        nextInode += 1
        parts[entry.number] = (identity, [UInt8](repeating: 0, count: Int(entry.manifest.size)))
    }
}
