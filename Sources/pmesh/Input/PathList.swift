import Glibc
import MeshWire
import PrimeMesh

/// The file of `--files-from`: paths, each with an end.
enum PathList {
    /// Bytes of such a file at most: 2^24 paths of 64.
    private static let limit = 1 << 30

    /// The paths in the file, `-` being standard input; empty ones are passed over. `end`: the byte behind each.
    static func read(_ path: [UInt8], end: UInt8) throws(MeshError) -> [[UInt8]] {
        let paths = try contents(path).split(separator: end).map(Array.init)
        guard let wrong = paths.first(where: { $0.contains(0) }) else { return paths }
        throw MeshError(
            .usage,
            "\(EntryPath.escaped(path)) holds a path with a NUL byte (\(EntryPath.escaped(Array(wrong.prefix(40))))…): give -0 where NUL bytes end the paths"
        )
    }

    private static func contents(_ path: [UInt8]) throws(MeshError) -> [UInt8] {
        let isStandard = path == [UInt8(ascii: "-")]
        let file = isStandard ? STDIN_FILENO : open(CString.of(path), O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw unreadable(path) }
        defer { if !isStandard { close(file) } }
        guard let bytes = LocalFile.read(file, limit: limit) else { throw unreadable(path) }
        guard bytes.count <= limit else {
            throw MeshError(.usage, "the list \(EntryPath.escaped(path)) is longer than 1 GiB: send parts of it")
        }
        return bytes
    }

    private static func unreadable(_ path: [UInt8]) -> MeshError {
        let reason = String(cString: strerror(errno))
        return MeshError(.disk, "the list \(EntryPath.escaped(path)) cannot be read (\(reason)): check the path")
    }
}
