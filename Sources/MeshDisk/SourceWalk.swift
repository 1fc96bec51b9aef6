import Glibc
package import MeshTransfer
import MeshWire
import Synchronization

/// Lists what lies below the roots of a transfer, folders before their contents, names in the order of their bytes.
///
/// The order is the same on every walk, so that one that was interrupted goes on behind the last path recorded. Held
/// are the names of one folder per level, never the tree. Calls block; batches come one after the other.
package final class SourceWalk: Sendable {
    /// Names of one folder that are left to visit.
    private struct Level {
        let folder: Folder
        let names: NameList
        var next = 0
        /// What is left of the path to go on behind, beginning with a name in this folder; empty once passed.
        var behind: ArraySlice<[UInt8]>
        var ignored = IgnorePatterns()
    }

    private struct State {
        var totals: ManifestTotals
        var roots: ArraySlice<SourceRoot>
        /// The open folders, the root's first.
        var levels: [Level] = []
        /// The components of the folder visited last: of root and levels.
        var path: [[UInt8]] = []
        var behind: ArraySlice<[UInt8]>
        var skipped: [SkippedSource] = []
        var counts = WalkCounts()
        /// Files with several names, as far as they were met.
        var linked: Set<FileKey> = []
        /// Devices whose files have the same numbers at each mount.
        var lasting: [UInt64: Bool] = [:]
    }

    /// Skipped sources kept until somebody asks; further ones are counted alone.
    static let skippedLimit = 10_000
    /// Files with several names that are known again at their next; further ones are not told of.
    private static let linkedLimit = 100_000

    private let state: Mutex<State>
    /// Count from each root; they decide before any `.pmeshignore`.
    private let exclude: IgnorePatterns
    /// Never sent, under whatever name.
    private let own: Set<FileKey>
    /// Names that are certainly none of folders are passed over.
    private let foldersAlone: Bool

    /// Looks the roots up. With `path`, the last one recorded (components joined by `/`), the walk goes on behind it,
    /// whether or not it is still there. Roots are sent even where a pattern matches their own name. With `foldersAlone`
    /// it finds folders, and what cannot be told from them at once: enough to read every `.pmeshignore`.
    package init(
        roots: [[UInt8]], exclude: IgnorePatterns = IgnorePatterns(), own: Set<FileKey> = [],
        continuing totals: ManifestTotals = ManifestTotals(), after path: [UInt8]? = nil, foldersAlone: Bool = false
    ) throws(SourceError) {
        let behind = path.map { $0.split(separator: UInt8(ascii: "/")).map(Array.init)[...] } ?? []
        let all = try SourceRoot.all(roots)
        let rest = all.drop { root in behind.first.map { root.name.lexicographicallyPrecedes($0) } ?? false }
        state = Mutex(State(totals: totals, roots: rest, behind: behind))
        self.exclude = exclude
        self.own = own
        self.foldersAlone = foldersAlone
    }

    /// At most `limit` entries, their numbers and first chunks continuing the totals; none when the walk is over.
    package func next(limit: Int) throws(SourceError) -> [SourceEntry] {
        try state.withLock { state throws(SourceError) in
            var batch: [SourceEntry] = []
            while batch.count < limit, let found = try advance(&state) {
                var manifest = found.0
                manifest.firstChunk = state.totals.chunks
                let number = state.totals.entries
                guard state.totals.add(manifest) else { throw .tooMany(limit: Limits.entries) }
                batch.append(SourceEntry(number: number, manifest: manifest, identity: found.1))
            }
            return batch
        }
    }

    /// The totals given, with all entries answered so far.
    package var totals: ManifestTotals { state.withLock { $0.totals } }

    /// What was met so far.
    package var counts: WalkCounts { state.withLock { $0.counts } }

    /// What was left out since the last call: the first 10,000 of it.
    package func takeSkipped() -> [SkippedSource] {
        state.withLock { state in
            let skipped = state.skipped
            state.skipped = []
            return skipped
        }
    }

    // MARK: steps

    private typealias Found = (ManifestEntry, SourceIdentity)

    /// Visits names until one gives an entry; nil at the end.
    private func advance(_ state: inout State) throws(SourceError) -> Found? {
        while true {
            if let last = state.levels.indices.last {
                guard state.levels[last].next < state.levels[last].names.count else {
                    state.levels.removeLast()
                    state.path.removeLast()
                    continue
                }
                if let found = try visitNext(&state, level: last) { return found }
            } else {
                guard let root = state.roots.popFirst() else { return nil }
                if let found = try visit(root, &state) { return found }
            }
        }
    }

    private func visit(_ root: SourceRoot, _ state: inout State) throws(SourceError) -> Found? {
        let behind = root.name == state.behind.first ? state.behind : []
        state.behind = []
        guard !EntryPath.isPartName(root.name) else {
            skip([root.name], .reserved, &state)
            return nil
        }
        let folder: Folder
        do { folder = try Folder(path: root.folder) } catch {
            throw .disk(DiskError(error, path: root.folder))
        }
        return try visit(root.base, in: folder, as: [root.name], behind: behind, &state)
    }

    private func visitNext(_ state: inout State, level: Int) throws(SourceError) -> Found? {
        let place = state.levels[level].next
        state.levels[level].next += 1
        guard !foldersAlone || state.levels[level].names.mayBeFolder(place) else { return nil }
        let name = state.levels[level].names[place]
        let isRecorded = state.levels[level].behind.first == name
        let behind = isRecorded ? state.levels[level].behind : []
        if isRecorded { state.levels[level].behind = [] }
        let path = state.path + [name]
        return try visit(name, in: state.levels[level].folder, as: path, behind: behind, &state)
    }

    /// Looks at one name. `behind` is not empty where its entry was recorded before: then only what is below counts.
    private func visit(
        _ name: [UInt8], in folder: Folder, as path: [[UInt8]], behind: ArraySlice<[UInt8]>, _ state: inout State
    ) throws(SourceError) -> Found? {
        var inner: Level?
        let found: Found?
        do throws(SystemError) {
            guard let status = try wanted(name, in: folder, as: path, &state), let kind = status.kind else {
                return nil
            }
            guard Self.fits(path) else { return omission(path, .tooDeep, behind, &state) }
            var entry = Self.entry(status, kind, path)
            switch kind {
            case .folder: inner = try Self.level(name, of: folder, behind.dropFirst())
            case .link: entry.target = try folder.linkTarget(name)
            case .file:
                try folder.checkReadable(name)
                // Files of the kernel take no room, and few others do not: the rest is not asked about.
                if status.allocated == 0, folder.isOfKernel {
                    entry = ManifestEntry(
                        open: entry.path, room: Limits.kernelRoom, mode: entry.mode, seconds: entry.seconds,
                        nanoseconds: entry.nanoseconds)
                }
                if status.links > 1 { note(status.key, &state) }
            case .withdrawal, .omission: return nil
            }
            let isNumbered = kind != .file || keepsInodes(status.device, folder, &state)
            let identity = isNumbered ? status.source : .none
            found = behind.isEmpty ? (entry, identity) : nil
        } catch {
            // Gone since its folder was read: it is simply not part of the tree.
            return error.code == ENOENT ? nil : omission(path, SkipReason(reading: error), behind, &state)
        }
        if let inner { try enter(inner, path, &state) }
        return found
    }

    /// The status of what shall be sent; nil where nothing is there, or it is left out.
    private func wanted(
        _ name: [UInt8], in folder: Folder, as path: [[UInt8]], _ state: inout State
    ) throws(SystemError) -> FileStatus? {
        guard let status = try folder.statusIfPresent(name) else { return nil }
        guard !isExcluded(path, isFolder: status.kind == .folder, state) else { return nil }
        guard !EntryPath.isPartName(name) else {
            skip(path, .reserved, &state)
            return nil
        }
        guard status.kind != nil else {
            skip(path, .special, &state)
            return nil
        }
        guard status.kind != .file || !own.contains(status.key) else {
            skip(path, .own, &state)
            return nil
        }
        return status
    }

    /// Opens a folder and reads its names. Nothing below it is sent where they cannot be read.
    private static func level(
        _ name: [UInt8], of folder: Folder, _ behind: ArraySlice<[UInt8]>
    ) throws(SystemError) -> Level {
        let inner = Folder(try folder.open(name, O_RDONLY | O_DIRECTORY))
        let names = try NameList(of: inner)
        return Level(folder: inner, names: names, next: behind.first.map(names.lowerBound) ?? 0, behind: behind)
    }

    /// Goes into a folder. Patterns in it that cannot be obeyed end the walk: what a person wanted left out must not go
    /// out because of an error.
    private func enter(_ level: Level, _ path: [[UInt8]], _ state: inout State) throws(SourceError) {
        var level = level
        if level.names.contains(IgnoreFile.name) {
            do { level.ignored = try IgnoreFile.patterns(in: level.folder, path: path) } catch { throw .ignore(error) }
        }
        state.levels.append(level)
        state.path = path
    }

    // MARK: rules

    /// `--exclude` decides first, then the `.pmeshignore` nearest to the name, then those above it.
    private func isExcluded(_ path: [[UInt8]], isFolder: Bool, _ state: State) -> Bool {
        guard path.count > 1 else { return false }
        if let word = exclude.excludes(path[1...], isFolder: isFolder) { return word }
        for depth in state.levels.indices.reversed() where !state.levels[depth].ignored.isEmpty {
            let word = state.levels[depth].ignored.excludes(path[(depth + 1)...], isFolder: isFolder)
            if let word { return word }
        }
        return false
    }

    private static func fits(_ path: [[UInt8]]) -> Bool {
        let bytes = path.reduce(path.count - 1) { $0 + $1.count }
        return path.count <= Limits.pathDepth && bytes <= Limits.path
    }

    private static func entry(_ status: FileStatus, _ kind: EntryKind, _ path: [[UInt8]]) -> ManifestEntry {
        ManifestEntry(
            kind: kind, path: Array(path.joined(separator: [UInt8(ascii: "/")])),
            size: kind == .file ? status.size : 0, allocated: kind == .file ? status.allocated : 0,
            mode: status.permissions, seconds: status.seconds, nanoseconds: status.nanoseconds)
    }

    /// Asked once for each device: a folder may be on a server, which answers slowly.
    private func keepsInodes(_ device: UInt64, _ folder: Folder, _ state: inout State) -> Bool {
        if let known = state.lasting[device] { return known }
        let isLasting = folder.keepsInodes
        state.lasting[device] = isLasting
        return isLasting
    }

    private func note(_ file: FileKey, _ state: inout State) {
        if state.linked.contains(file) {
            state.counts.furtherNames += 1
        } else if state.linked.count < Self.linkedLimit {
            state.linked.insert(file)
        }
    }

    /// What is wanted and cannot be offered is an entry as well, unless it was recorded before.
    private func omission(
        _ path: [[UInt8]], _ reason: SkipReason, _ behind: ArraySlice<[UInt8]>, _ state: inout State
    ) -> Found? {
        state.counts.omitted += 1
        let path = Array(path.joined(separator: [UInt8(ascii: "/")]))
        return behind.isEmpty ? (ManifestEntry(omitting: path, reason), .none) : nil
    }

    private func skip(_ path: [[UInt8]], _ reason: SkippedSource.Reason, _ state: inout State) {
        let path = Array(path.joined(separator: [UInt8(ascii: "/")]))
        if reason == .own { state.counts.own += 1 }
        if state.skipped.count < Self.skippedLimit { state.skipped.append(SkippedSource(path: path, reason: reason)) }
    }
}
