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
        let ignored: IgnorePatterns
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
        var skippedCount: UInt64 = 0
    }

    /// The name of the files that hold patterns for the folder they lie in and those below it.
    package static let ignoreFile = Array(".pmeshignore".utf8)
    /// Bytes of such a file that are read; what is longer is refused with its folder.
    static let ignoreFileLimit = 1024 * 1024
    /// Skipped sources kept until somebody asks; further ones are counted alone.
    static let skippedLimit = 10_000

    private let state: Mutex<State>
    /// Count from each root; they decide before any `.pmeshignore`.
    private let exclude: IgnorePatterns

    /// Looks the roots up. With `path`, the last one recorded (components joined by `/`), the walk goes on behind it,
    /// whether or not it is still there. Roots are sent even where a pattern matches their own name.
    package init(
        roots: [[UInt8]], exclude: IgnorePatterns = IgnorePatterns(),
        continuing totals: ManifestTotals = ManifestTotals(), after path: [UInt8]? = nil
    ) throws(SourceError) {
        let behind = path.map { $0.split(separator: UInt8(ascii: "/")).map(Array.init)[...] } ?? []
        let all = try SourceRoot.all(roots)
        let rest = all.drop { root in behind.first.map { root.name.lexicographicallyPrecedes($0) } ?? false }
        state = Mutex(State(totals: totals, roots: rest, behind: behind))
        self.exclude = exclude
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

    /// How many sources were left out so far.
    package var skippedCount: UInt64 { state.withLock { $0.skippedCount } }

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
                if let found = visitNext(&state, level: last) { return found }
            } else {
                guard let root = state.roots.popFirst() else { return nil }
                if let found = try visit(root, &state) { return found }
            }
        }
    }

    private func visit(_ root: SourceRoot, _ state: inout State) throws(SourceError) -> Found? {
        let behind = root.name == state.behind.first ? state.behind : []
        state.behind = []
        guard !Self.isReserved(root.name) else { return nil }
        do {
            let folder = try Folder(path: root.folder)
            return visit(root.base, in: folder, as: [root.name], behind: behind, &state)
        } catch {
            throw .disk(DiskError(error, path: root.folder))
        }
    }

    private func visitNext(_ state: inout State, level: Int) -> Found? {
        let place = state.levels[level].next
        state.levels[level].next += 1
        let name = state.levels[level].names[place]
        let isRecorded = state.levels[level].behind.first == name
        let behind = isRecorded ? state.levels[level].behind : []
        if isRecorded { state.levels[level].behind = [] }
        guard !Self.isReserved(name) else { return nil }
        let path = state.path + [name]
        return visit(name, in: state.levels[level].folder, as: path, behind: behind, &state)
    }

    /// Looks at one name. `behind` is not empty where its entry was recorded before: then only what is below counts.
    private func visit(
        _ name: [UInt8], in folder: Folder, as path: [[UInt8]], behind: ArraySlice<[UInt8]>, _ state: inout State
    ) -> Found? {
        do {
            guard let status = try folder.statusIfPresent(name) else { return nil }
            guard let kind = status.kind else {
                if !isExcluded(path, isFolder: false, state) { skip(path, .special, &state) }
                return nil
            }
            guard !isExcluded(path, isFolder: kind == .folder, state) else { return nil }
            guard Self.fits(path) else {
                skip(path, .tooLong, &state)
                return nil
            }
            var entry = Self.entry(status, kind, path)
            switch kind {
            case .folder: try enter(name, of: folder, path, behind.dropFirst(), &state)
            case .link: entry.target = try folder.linkTarget(name)
            case .file: try folder.checkReadable(name)
            case .withdrawal: return nil
            }
            return behind.isEmpty ? (entry, status.source) : nil
        } catch {
            // Gone since its folder was read: it is simply not part of the tree.
            if error.code != ENOENT {
                let shown = Array(path.joined(separator: [UInt8(ascii: "/")]))
                skip(path, .unreadable(DiskError(error, path: shown)), &state)
            }
            return nil
        }
    }

    /// Reads a folder's names. Nothing below it is sent where they, or its patterns, cannot be read: what a person
    /// wanted left out must not go out because of an error.
    private func enter(
        _ name: [UInt8], of folder: Folder, _ path: [[UInt8]], _ behind: ArraySlice<[UInt8]>, _ state: inout State
    ) throws(SystemError) {
        let inner = Folder(try folder.open(name, O_RDONLY | O_DIRECTORY))
        let names = try NameList(of: inner)
        let ignored = try Self.patterns(in: inner)
        var level = Level(folder: inner, names: names, behind: behind, ignored: ignored)
        if let first = behind.first { level.next = names.lowerBound(first) }
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

    private static func patterns(in folder: Folder) throws(SystemError) -> IgnorePatterns {
        guard let status = try folder.statusIfPresent(ignoreFile), status.kind == .file else { return IgnorePatterns() }
        guard status.size <= ignoreFileLimit else { throw SystemError(EFBIG, "read of .pmeshignore") }
        let file = try folder.open(ignoreFile, O_RDONLY | O_NONBLOCK)
        return IgnorePatterns(text: try file.readAll(limit: ignoreFileLimit))
    }

    private static func isReserved(_ name: [UInt8]) -> Bool {
        name.first == UInt8(ascii: ".") && ((try? EntryPath(name))?.isReserved ?? false)
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

    private func skip(_ path: [[UInt8]], _ reason: SkippedSource.Reason, _ state: inout State) {
        state.skippedCount += 1
        guard state.skipped.count < Self.skippedLimit else { return }
        let path = Array(path.joined(separator: [UInt8(ascii: "/")]))
        state.skipped.append(SkippedSource(path: path, reason: reason))
    }
}
