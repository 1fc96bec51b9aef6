import Glibc
import MeshWire
import PrimeMesh

/// What the program itself reads of the disk before a node is there.
enum LocalFile {
    /// Bytes of a settings file: far more than all keys take.
    private static let limit = 1_048_576

    /// A file's bytes; nil where there is none.
    static func contents(_ path: [UInt8]) throws(MeshError) -> [UInt8]? {
        let file = open(CString.of(path), O_RDONLY | O_CLOEXEC)
        if file < 0, errno == ENOENT || errno == ENOTDIR { return nil }
        guard file >= 0 else { throw unreadable(path) }
        defer { close(file) }
        guard let bytes = read(file, limit: limit) else { throw unreadable(path) }
        guard bytes.count <= limit else {
            throw MeshError(.usage, "\(EntryPath.escaped(path)) is larger than 1 MiB: correct it or remove it")
        }
        return bytes
    }

    /// All that a file or a pipe has, up to a little more than `limit` bytes; nil where reading fails, `errno` says why.
    static func read(_ file: Int32, limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 1 << 18)
        while bytes.count <= limit {
            let count = Glibc.read(file, &room, room.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes += room.prefix(count)
        }
        return bytes
    }

    private static func unreadable(_ path: [UInt8]) -> MeshError {
        MeshError(.disk, "\(EntryPath.escaped(path)) cannot be read; check its permissions or remove it")
    }

    /// Before a passphrase is asked for; whoever makes the file looks again.
    static func checkMissing(_ path: [UInt8]) throws(MeshError) {
        var status = stat()
        guard lstat(CString.of(path), &status) != 0 else {
            throw MeshError(
                .conflict,
                "\(EntryPath.escaped(path)) exists and is never replaced: move it away, or choose another with --recovery"
            )
        }
    }

    /// A person's folder that is not there is a mistake of the environment, and not a folder to make.
    static func checkHome(_ environment: Environment) throws(MeshError) {
        guard let home = environment.variable("HOME") else { return }
        var status = stat()
        guard stat(CString.of(home), &status) == 0 || errno != ENOENT else {
            throw MeshError(
                .usage,
                "HOME is \(EntryPath.escaped(home)), which does not exist: set it, or give --home DIR or PMESH_HOME")
        }
    }
}

/// Bytes as the system takes them.
enum CString {
    static func of(_ path: [UInt8]) -> [CChar] { path.map { CChar(bitPattern: $0) } + [0] }
}
