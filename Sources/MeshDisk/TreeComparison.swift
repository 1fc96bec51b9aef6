import Glibc
package import MeshTransfer
import MeshWire

/// Compares two trees by what a transfer promises: names, kinds, bytes, modes, modification times and link targets.
package struct TreeComparison: Sendable {
    /// Modes of files and folders; links have none of their own.
    package var comparesModes = true
    /// Modification times to the nanosecond, of links too.
    package var comparesTimes = true
    /// Whether the second tree takes much more room than the first: holes were filled.
    package var comparesHoles = false
    /// Differences listed at most.
    package var limit = 1_000

    package init() {}

    /// What differs between the files or folders at two paths, which may be links themselves.
    package func differences(_ first: [UInt8], _ second: [UInt8]) throws(DiskError) -> [TreeDifference] {
        var found: [TreeDifference] = []
        let (one, other) = try (Self.place(first), Self.place(second))
        do { try compare([], one, other, &found) } catch { throw DiskError(error, path: first) }
        return found
    }

    private typealias Place = (folder: Folder, name: [UInt8])

    private static func place(_ path: [UInt8]) throws(DiskError) -> Place {
        do {
            let root = try SourceRoot(path)
            return (try Folder(path: root.folder), root.base)
        } catch let error as SourceError {
            if case .disk(let error) = error { throw error }
            throw .inTheWay(path: EntryPath.escaped(path))
        } catch {
            throw .notFound(path: EntryPath.escaped(path))
        }
    }

    private func compare(
        _ path: [UInt8], _ one: Place, _ other: Place, _ found: inout [TreeDifference]
    ) throws(SystemError) {
        guard found.count < limit else { return }
        let left = try one.folder.statusIfPresent(one.name)
        let right = try other.folder.statusIfPresent(other.name)
        guard let left, let right else {
            if left != nil || right != nil { found.append(.init(path, left == nil ? .added : .missing)) }
            return
        }
        guard left.kind == right.kind else { return found.append(.init(path, .kind)) }
        if comparesModes, left.kind != .link, left.permissions != right.permissions { found.append(.init(path, .mode)) }
        let isSameTime =
            (left.seconds, left.nanoseconds) == (right.seconds, right.nanoseconds)
        if comparesTimes, !isSameTime { found.append(.init(path, .time)) }
        switch left.kind {
        case .folder: try compareFolders(path, one, other, &found)
        case .link:
            let isSame = try one.folder.linkTarget(one.name) == other.folder.linkTarget(other.name)
            if !isSame { found.append(.init(path, .target)) }
        case .file: try compareFiles(path, (one, left), (other, right), &found)
        case .withdrawal, .omission, nil: break
        }
    }

    /// Walks both lists of names, which are in order, side by side.
    private func compareFolders(
        _ path: [UInt8], _ one: Place, _ other: Place, _ found: inout [TreeDifference]
    ) throws(SystemError) {
        let left = Folder(try one.folder.open(one.name, O_RDONLY | O_DIRECTORY))
        let right = Folder(try other.folder.open(other.name, O_RDONLY | O_DIRECTORY))
        let (names, others) = try (NameList(of: left), NameList(of: right))
        var (index, otherIndex) = (0, 0)
        while index < names.count || otherIndex < others.count {
            let name = index < names.count ? names[index] : nil
            let otherName = otherIndex < others.count ? others[otherIndex] : nil
            let next = [name, otherName].compactMap { $0 }.min { $0.lexicographicallyPrecedes($1) } ?? []
            if name == next { index += 1 }
            if otherName == next { otherIndex += 1 }
            let inner = path.isEmpty ? next : path + [UInt8(ascii: "/")] + next
            try compare(inner, (left, next), (right, next), &found)
        }
    }

    private func compareFiles(
        _ path: [UInt8], _ one: (Place, FileStatus), _ other: (Place, FileStatus), _ found: inout [TreeDifference]
    ) throws(SystemError) {
        guard one.1.size == other.1.size else { return found.append(.init(path, .size)) }
        // File systems differ in what they take beside the data: a tenth and 64 KiB are let pass.
        if comparesHoles, other.1.allocated > one.1.allocated + one.1.allocated / 10 + 65_536 {
            found.append(.init(path, .holes))
        }
        let left = try one.0.folder.open(one.0.name, O_RDONLY | O_NONBLOCK)
        let right = try other.0.folder.open(other.0.name, O_RDONLY | O_NONBLOCK)
        if let offset = try Self.firstDifference(left, right, size: one.1.size) {
            found.append(.init(path, .bytes(offset: offset)))
        }
    }

    /// The block in which two files of `size` bytes differ first.
    private static func firstDifference(
        _ left: Descriptor, _ right: Descriptor, size: UInt64
    ) throws(SystemError) -> UInt64? {
        let length = 256 * 1024
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * length, alignment: 16)
        defer { room.deallocate() }
        var offset: UInt64 = 0
        while offset < size {
            let one = try left.read(into: [iovec(iov_base: room.baseAddress, iov_len: length)], at: offset)
            let other = try right.read(
                into: [iovec(iov_base: room.baseAddress.map { $0 + length }, iov_len: length)], at: offset)
            let base = room.baseAddress.unsafelyUnwrapped  // not empty
            guard one == other, one > 0, memcmp(base, base + length, one) == 0 else { return offset }
            offset += UInt64(one)
        }
        return nil
    }
}

/// One thing that differs between two trees.
package struct TreeDifference: Hashable, Sendable {
    /// What differs, seen from the first tree.
    package enum Kind: Hashable, Sendable {
        /// Not in the second tree.
        case missing
        /// Only in the second tree.
        case added
        case kind
        case size
        /// Within 256 KiB from `offset` on.
        case bytes(offset: UInt64)
        case mode
        case time
        case target
        /// The second takes much more room.
        case holes
    }

    /// Below the roots; empty for the roots themselves.
    package var path: [UInt8]
    package var kind: Kind

    package init(_ path: [UInt8], _ kind: Kind) {
        self.path = path
        self.kind = kind
    }
}

extension TreeDifference: CustomStringConvertible {
    package var description: String {
        let path = path.isEmpty ? "." : EntryPath.escaped(path)
        return switch kind {
        case .missing: "\(path) is missing in the second tree"
        case .added: "\(path) is only in the second tree"
        case .kind: "\(path) is of another kind"
        case .size: "\(path) has another size"
        case .bytes(let offset): "\(path) has other bytes behind \(offset)"
        case .mode: "\(path) has another mode"
        case .time: "\(path) has another modification time"
        case .target: "\(path) is a link to something else"
        case .holes: "\(path) lost its holes"
        }
    }
}
