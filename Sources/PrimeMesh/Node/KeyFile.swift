import FoundationEssentials
import Glibc
import MeshTrust

/// The node's key on disk: made on first use, readable by its user alone.
enum KeyFile {
    /// Loads the key, or makes it. Two commands that start at once in a new home get the same key: it is written under a
    /// name of its own and linked into place, where the first one wins.
    static func load(home: NodeHome) throws -> NodeIdentity {
        for folder in Set([home.data, home.state, home.config]) { try makeFolder(folder) }
        if let identity = try read(home.key) { return identity }
        let fresh = NodeIdentity()
        let draft = "\(home.key).\(getpid())"
        try write(fresh.storedRepresentation, to: draft)
        defer { unlink(draft) }
        guard link(draft, home.key) == 0 || errno == EEXIST else { throw failure("make the key", home.key) }
        guard let identity = try read(home.key) else { throw failure("read the key", home.key) }
        return identity
    }

    private static func read(_ path: String) throws -> NodeIdentity? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if file < 0 && errno == ENOENT { return nil }
        guard file >= 0 else { throw failure("read the key", path) }
        defer { close(file) }
        var info = stat()
        guard fstat(file, &info) == 0 else { throw failure("read the key", path) }
        guard info.st_mode & 0o077 == 0 else {
            throw MeshError(
                .identity, "others may read the key \(path): run `chmod 600 \(path)`, and if in doubt delete it")
        }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 0 else { throw failure("read the key", path) }
        do {
            return try NodeIdentity(stored: Array(bytes.prefix(count)))
        } catch {
            throw MeshError(.identity, "the key \(path) is damaged: restore it, or delete it to become a new node")
        }
    }

    /// Creates every folder on the way; the last one is for its user alone.
    static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw MeshError(.disk, "cannot make the folder \(path): choose another --home, or change its permissions")
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        unlink(path)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure("write", path) }
        defer { close(file) }
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
            throw failure("write", path)
        }
    }

    private static func failure(_ what: String, _ path: String) -> MeshError {
        MeshError(
            .disk,
            "cannot \(what) \(path) (\(String(cString: strerror(errno)))): check the folder's permissions and space")
    }
}
