package import MeshTransfer
package import MeshWire
import NIOCore
import Synchronization

/// One node's files in memory: sources to send, and a destination with a page cache that a power loss takes away. Keeps
/// the obligations of both ports, so that what a session does to it it would do to a real one.
package final class SimulatedDisk: Sendable {
    /// A source file under its name. `version` stands for everything a change of it leaves behind: size, times, inode.
    package struct Source: Hashable, Sendable {
        package var bytes: [UInt8]
        package var version: Int64 = 0
        /// Next reads that fail with an input error.
        var failures = 0
        /// Nobody may read it.
        var isDenied = false
        /// Nobody knows its length before it is read to its end.
        var isOpen = false
    }

    /// What a name at the destination stands for.
    enum Node: Hashable, Sendable {
        case object(UInt64)
        case link([UInt8])
        case folder(mode: UInt16)
    }

    /// Names at the destination: parts have names of their own kind.
    enum Place: Hashable, Sendable {
        case part(UInt64)
        case final([UInt8])
    }

    /// A file at the destination.
    struct Object: Hashable, Sendable {
        var identity: PartIdentity
        var bytes: [UInt8]
        /// Written and not yet on the disk.
        var unsynced: [Range<Int>] = []
        var seconds: Int64 = 0
    }

    struct State: Sendable {
        var sources: [[UInt8]: Source] = [:]
        /// All that each source ever held.
        var versions: [[UInt8]: [[UInt8]]] = [:]
        var objects: [UInt64: Object] = [:]
        var names: [Place: Node] = [:]
        /// Changes of names that have not reached the disk, oldest first, each with what was there before.
        var renames: [[(place: Place, before: Node?)]] = []
        /// Parts that this process has open, by entry.
        var open: [UInt64: UInt64] = [:]
        var nextInode: UInt64 = 1
        var device: UInt64 = 1
        /// Next writes that find the disk full.
        var refusals = 0
        /// What the destination cannot hold, and why.
        var unfit: [[UInt8]: SkipReason] = [:]
    }

    let state = Mutex(State())
    let fuse: Fuse

    package init(fuse: Fuse = Fuse()) {
        self.fuse = fuse
    }

    func with<R: Sendable>(_ body: (inout sending State) -> sending R) -> R { state.withLock(body) }

    func throwing<R: Sendable>(_ body: (inout State) throws(DiskError) -> R) throws(DiskError) -> R {
        guard !fuse.isBlown else { throw .failed(path: "", operation: "killed", errno: 0) }
        return try state.withLock { state in Result { () throws(DiskError) in try body(&state) } }.get()
    }

    // MARK: sources

    package var sources: [[UInt8]: Source] { with { $0.sources } }

    /// Puts a source file in its place, or changes the one that is there.
    package func put(_ path: [UInt8], _ bytes: [UInt8], isOpen: Bool = false) {
        with { state in
            let old = state.sources[path]
            var source = Source(bytes: bytes, version: (old?.version ?? -1) + 1)
            source.isOpen = old?.isOpen ?? isOpen
            state.sources[path] = source
            state.versions[path, default: []].append(bytes)
        }
    }

    /// What a source held in one of its versions.
    func version(_ version: Int64, of path: [UInt8]) -> [UInt8] { with { $0.versions[path]?[Int(version)] ?? [] } }

    package func removeSource(_ path: [UInt8]) { with { $0.sources[path] = nil } }

    /// The next reads of this source fail.
    package func failReads(_ path: [UInt8], count: Int) { with { $0.sources[path]?.failures = count } }

    /// Nobody may read this source any more.
    package func deny(_ path: [UInt8]) { with { $0.sources[path]?.isDenied = true } }

    /// The file as an entry of a manifest, without its numbers: as a walk finds it.
    package func entry(_ path: [UInt8]) -> SourceEntry? {
        guard let file = with({ $0.sources[path] }) else { return nil }
        guard !file.isDenied else {
            return SourceEntry(
                number: 0, manifest: ManifestEntry(omitting: path, .sourceDenied),
                identity: .none)
        }
        guard !file.isOpen else {
            let manifest = ManifestEntry(open: path, mode: 0o644, seconds: 1_000 + file.version, nanoseconds: 0)
            return SourceEntry(
                number: 0, manifest: manifest, identity: SourceIdentity(device: 1, inode: 1, changed: file.version))
        }
        let size = UInt64(file.bytes.count)
        return SourceEntry(
            number: 0,
            manifest: ManifestEntry(
                kind: .file, path: path, size: size, allocated: file.bytes.allSatisfy { $0 == 0 } ? 0 : size,
                mode: 0o644, seconds: 1_000 + file.version),
            identity: SourceIdentity(device: 1, inode: 1, changed: file.version))
    }

    // MARK: faults at the destination

    /// The next `count` writes find no space.
    package func refuseWrites(_ count: Int) { with { $0.refusals = count } }

    /// The file system is mounted anew under another device number.
    package func remount() {
        with { state in
            state.device += 1
            state.open = [:]
            for inode in state.objects.keys { state.objects[inode]?.identity.device = state.device }
        }
    }

    /// Somebody removes a part by its name; a process that has it open does not notice.
    package func removeAPart(using random: inout Seeded) {
        let parts = partNumbers.sorted()
        guard let number = parts.randomElement(using: &random) else { return }
        with { $0.change([(.part(number), nil)]) }
    }

    /// A file that was there before and is nobody's part.
    package func putForeign(_ path: [UInt8], _ bytes: [UInt8], seconds: Int64) {
        with { state in
            let inode = state.make(bytes)
            state.objects[inode]?.unsynced = []
            state.objects[inode]?.seconds = seconds
            state.names[.final(path)] = .object(inode)
        }
    }

    /// The destination cannot hold this entry, nor what is below it.
    package func refuse(_ path: [UInt8], _ reason: SkipReason) { with { $0.unfit[path] = reason } }

    /// A folder that was there before.
    package func putForeignFolder(_ path: [UInt8], mode: UInt16) {
        with { $0.names[.final(path)] = .folder(mode: mode) }
    }

    /// Somebody removes what has this name.
    package func remove(_ path: [UInt8]) { with { $0.names[.final(path)] = nil } }

    // MARK: what stands at the destination

    package var partNumbers: Set<UInt64> {
        with { state in
            Set(state.names.keys.compactMap { if case .part(let number) = $0 { number } else { nil } })
        }
    }

    /// The bytes of an entry's part.
    package func part(_ entry: UInt64) -> [UInt8]? { with { $0.object(at: .part(entry))?.object.bytes } }

    /// Files under final names, by path.
    package var finalFiles: [[UInt8]: [UInt8]] {
        with { state in
            var files: [[UInt8]: [UInt8]] = [:]
            for case (.final(let path), .object(let inode)) in state.names { files[path] = state.objects[inode]?.bytes }
            return files
        }
    }

    /// Modes of folders, by path.
    package var folders: [[UInt8]: UInt16] {
        with { state in
            var modes: [[UInt8]: UInt16] = [:]
            for case (.final(let path), .folder(let mode)) in state.names { modes[path] = mode }
            return modes
        }
    }

    /// Links under final names, by path.
    package var links: [[UInt8]: [UInt8]] {
        with { state in
            var links: [[UInt8]: [UInt8]] = [:]
            for case (.final(let path), .link(let target)) in state.names { links[path] = target }
            return links
        }
    }
}

extension SimulatedDisk.State {
    /// Changes names in one step.
    mutating func change(_ names: [(place: SimulatedDisk.Place, node: SimulatedDisk.Node?)]) {
        renames.append(names.map { ($0.place, self.names[$0.place]) })
        for (place, node) in names { self.names[place] = node }
    }

    mutating func make(_ bytes: [UInt8]) -> UInt64 {
        let inode = nextInode
        nextInode += 1
        objects[inode] = SimulatedDisk.Object(
            identity: PartIdentity(device: device, inode: inode, born: Int64(inode)), bytes: bytes,
            unsynced: bytes.isEmpty ? [] : [0..<bytes.count])
        return inode
    }

    func object(at place: SimulatedDisk.Place) -> (inode: UInt64, object: SimulatedDisk.Object)? {
        guard case .object(let inode) = names[place], let object = objects[inode] else { return nil }
        return (inode, object)
    }
}

// MARK: ChunkSource

extension SimulatedDisk: ChunkSource {
    package func read(
        _ entry: SourceEntry, offset: UInt64, into regions: [UnsafeMutableRawBufferPointer]
    ) throws(DiskError) -> Bool {
        let path = entry.manifest.path
        let file = try throwing { state throws(DiskError) in
            guard let file = state.sources[path] else { throw .notFound(path: EntryPath.escaped(path)) }
            guard !file.isDenied else { throw .denied(path: EntryPath.escaped(path), errno: 13) }
            guard file.failures == 0 else {
                state.sources[path]?.failures -= 1
                throw .failed(path: EntryPath.escaped(path), operation: "read", errno: 5)
            }
            return file
        }
        let length = regions.reduce(0) { $0 + $1.count }
        // As a file that is open already: what was written to it meanwhile is read, and only a comparison tells.
        guard Int(offset) + length <= file.bytes.count else { throw .changed(path: EntryPath.escaped(path)) }
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

    package func isUnchanged(_ entry: SourceEntry) throws(DiskError) -> Bool {
        try throwing { state throws(DiskError) in
            state.sources[entry.manifest.path]?.version == entry.identity.changed
        }
    }

    package func restat(_ entry: SourceEntry) throws(DiskError) -> SourceEntry? {
        let now = self.entry(entry.manifest.path)
        guard now?.manifest.kind != .omission else {
            throw .denied(path: EntryPath.escaped(entry.manifest.path), errno: 13)
        }
        return now
    }

    package func release(_ entry: SourceEntry) {}
    package func held(_ entry: SourceEntry) -> NumberSet { NumberSet() }
    package func kept(_ chunks: NumberSet) {}
}
