import Glibc
package import MeshTransfer
import MeshWire

/// One of the paths given to `send`, looked up once.
///
/// A root that is a link is followed: its entries carry the link's name and the target's contents. Links inside of a
/// root are entries themselves and are never followed.
package struct SourceRoot: Hashable, Sendable {
    /// First component of the paths of its entries.
    package let name: [UInt8]
    /// The folder it lies in: absolute, without links.
    package let folder: [UInt8]
    /// Its name there.
    package let base: [UInt8]

    /// Looks up `path`.
    package init(_ path: [UInt8]) throws(SourceError) {
        guard let resolved = path.withPath({ realpath($0, nil) }) else {
            throw .disk(DiskError(SystemError(errno, "open"), path: path))
        }
        defer { free(resolved) }
        let real = Array(UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)))
        let (folder, base) = Self.split(real)
        guard !base.isEmpty else { throw .unnamed(path: EntryPath.escaped(path)) }
        self.folder = folder
        self.base = base
        name = Self.name(of: path) ?? base
    }

    /// The roots by name. A path given twice is one; two others of one name would be one tree on the other side: refused.
    package static func all(_ paths: [[UInt8]]) throws(SourceError) -> [SourceRoot] {
        var roots: [[UInt8]: SourceRoot] = [:]
        var given: [[UInt8]: [UInt8]] = [:]
        for path in paths {
            let root = try SourceRoot(path)
            let earlier = given.updateValue(path, forKey: root.name)
            if let earlier, roots[root.name] != root {
                throw .sameName(EntryPath.escaped(earlier), EntryPath.escaped(path))
            }
            roots[root.name] = root
        }
        return roots.values.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    /// The last component as it was given; nil where that says nothing (`.`, `..`, `/`).
    static func name(of path: [UInt8]) -> [UInt8]? {
        let last = path.split(separator: slash).last.map(Array.init)
        return last == [dot] || last == [dot, dot] ? nil : last
    }

    private static func split(_ path: [UInt8]) -> (folder: [UInt8], base: [UInt8]) {
        let cut = path.lastIndex(of: slash) ?? 0
        return (cut == 0 ? [slash] : Array(path[..<cut]), Array(path[(cut + 1)...]))
    }

    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")
}

/// Why the given paths cannot be sent as they are. Paths are escaped for people.
package enum SourceError: Error, Hashable, Sendable {
    /// Two roots would have the same name on the other side.
    case sameName(String, String)
    /// The root of the file system has no name to be received under.
    case unnamed(path: String)
    /// More entries or chunks than a manifest may hold.
    case tooMany(limit: UInt64)
    case disk(DiskError)
    /// A rule about what is left out cannot be obeyed.
    case ignore(IgnoreFault)
}

extension SourceError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .sameName(let one, let other):
            "\(one) and \(other) have the same name: send them one after the other, or rename one"
        case .unnamed(let path): "\(path) has no name to be received under: send the folders in it instead"
        case .tooMany(let limit):
            "more than \(limit) files, folders and links, or more data than one transfer can number: send parts of it"
        case .disk(let error): error.description
        case .ignore(let fault): fault.description
        }
    }
}
