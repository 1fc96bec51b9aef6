import CPosix
import Glibc
package import MeshTransfer
import MeshWire

/// A hidden part that some transfer left.
package struct FoundPart: Hashable, Sendable {
    /// Absolute.
    package var path: [UInt8]
    /// The beginning of its transfer's name: 16 symbols.
    package var transfer: String
    /// Bytes on the disk.
    package var allocated: UInt64
    /// A receiver runs whose destination is this folder or one above it.
    package var isHeld: Bool
}

/// Looks for hidden parts below folders. Links are not followed, and folders that may not be read are passed over. Blocks.
package enum PartSearch {
    private static let slash = UInt8(ascii: "/")

    /// All parts below `root`, an absolute path.
    package static func parts(below root: [UInt8]) -> [FoundPart] {
        guard let top = try? Folder(path: root) else { return [] }
        var found: [FoundPart] = []
        var waiting: [[[UInt8]]] = [[]]
        while let place = waiting.popLast() {
            guard let folder = open(place, in: top), let names = try? NameList(of: folder) else { continue }
            for name in (0..<names.count).map({ names[$0] }) {
                guard let status = try? folder.status(name) else { continue }
                if status.kind == .folder { waiting.append(place + [name]) }
                guard status.kind == .file, let transfer = EntryPath.transfer(ofPart: name) else { continue }
                let top = root.last == slash ? Array(root.dropLast()) : root
                let path = top + (place + [name]).flatMap { [slash] + $0 }
                found.append(
                    FoundPart(
                        path: path, transfer: transfer, allocated: status.allocated, isHeld: isHeld(path)))
            }
        }
        return found
    }

    /// Removes a part, but for one that is held by now.
    package static func remove(_ part: FoundPart) throws(DiskError) -> Bool {
        guard !isHeld(part.path), let end = part.path.lastIndex(of: slash) else { return false }
        do {
            let folder = try Folder(path: end == 0 ? [slash] : Array(part.path[..<end]))
            try folder.remove(Array(part.path[(end + 1)...]))
            return true
        } catch {
            throw DiskError(error, path: part.path)
        }
    }

    private static func open(_ place: [[UInt8]], in top: Folder) -> Folder? {
        let path = place.isEmpty ? [[UInt8(ascii: ".")]] : place
        if place.isEmpty { return (try? top.open(path[0], O_RDONLY | O_DIRECTORY)).map(Folder.init) }
        return (try? top.openBeneath(path[...], O_RDONLY | O_DIRECTORY)).map(Folder.init)
    }

    /// Whether a receiver holds the lock of a folder above: see ``FileSink``.
    private static func isHeld(_ path: [UInt8]) -> Bool {
        for end in path.indices where path[end] == slash {
            let folder = end == 0 ? [slash] : Array(path[..<end])
            let number = folder.withPath { Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
            guard number >= 0 else { continue }
            defer { close(number) }
            if mesh_is_locked(number) == 1 { return true }
        }
        return false
    }
}
