import Glibc
import MeshDisk
import MeshTrust
import MeshWire

/// The node's key on disk, and files like it: for their user alone.
enum KeyFile {
    /// Loads the key, or makes it. Two commands that start at once in a new home get the same key: it is written under a
    /// name of its own and linked into place, where the first one wins.
    static func load(home: NodeHome) throws -> NodeIdentity {
        for folder in Set([home.data, home.state, home.config]) { try makeFolder(folder) }
        if let identity = try identity(home.key) { return identity }
        let fresh = NodeIdentity()
        let draft = home.key + ".\(getpid())".utf8
        try write(fresh.storedRepresentation, to: draft)
        defer { _ = draft.withPath { unlink($0) } }
        let linked = draft.withPath { draft in home.key.withPath { link(draft, $0) } }
        guard linked == 0 || errno == EEXIST else { throw failure("make the key", home.key) }
        guard let identity = try identity(home.key) else { throw failure("read the key", home.key) }
        return identity
    }

    private static func identity(_ path: [UInt8]) throws -> NodeIdentity? {
        guard let bytes = try contents(path, limit: 64, isSecret: true) else { return nil }
        do {
            return try NodeIdentity(stored: bytes)
        } catch {
            throw MeshError(
                .identity,
                "the key \(EntryPath.escaped(path)) is damaged: restore it, or delete it to become a new node")
        }
    }

    /// The first `limit` bytes of a file; nil where there is none.
    static func contents(_ path: [UInt8], limit: Int, isSecret: Bool = false) throws -> [UInt8]? {
        let file = path.withPath { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        if file < 0 && errno == ENOENT { return nil }
        guard file >= 0 else { throw failure("read", path) }
        defer { close(file) }
        var info = stat()
        guard fstat(file, &info) == 0 else { throw failure("read", path) }
        guard !isSecret || info.st_mode & 0o077 == 0 else {
            let shown = EntryPath.escaped(path)
            throw MeshError(
                .identity, "others may read the key \(shown): run `chmod 600 \(shown)`, and if in doubt delete it")
        }
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let more = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress! + count, limit - count) }
            if more < 0 && errno == EINTR { continue }
            guard more >= 0 else { throw failure("read", path) }
            if more == 0 { break }
            count += more
        }
        return Array(bytes.prefix(count))
    }

    /// Makes every folder on the way, for its user alone.
    static func makeFolder(_ path: [UInt8]) throws {
        let slash = UInt8(ascii: "/")
        var folder: [UInt8] = path.first == slash ? [] : [UInt8(ascii: ".")]
        for part in path.split(separator: slash) {
            folder += [slash] + part
            // One above may be closed to us and yet exist: only the last one's word counts.
            _ = folder.withPath { mkdir($0, 0o700) }
        }
        let made = folder.withPath { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard made >= 0 else {
            let reason = String(cString: strerror(errno))
            throw MeshError(
                .disk,
                "cannot make the folder \(EntryPath.escaped(path)) (\(reason)): choose another --home, or change its permissions"
            )
        }
        close(made)
    }

    /// Makes a file that is not there yet; what is there stays as it is.
    static func make(_ path: [UInt8], _ bytes: [UInt8]) throws {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let file = path.withPath { open($0, flags, 0o600) }
        guard file >= 0 || errno != EEXIST else {
            throw MeshError(
                .conflict,
                "\(EntryPath.escaped(path)) exists and is never replaced: move it away, or choose another path"
            )
        }
        guard file >= 0 else { throw failure("write", path) }
        defer { close(file) }
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
            throw failure("write", path)
        }
    }

    /// The same, and what a crash left under this name goes.
    static func write(_ bytes: [UInt8], to path: [UInt8]) throws {
        _ = path.withPath { unlink($0) }
        try make(path, bytes)
    }

    private static func failure(_ what: String, _ path: [UInt8]) -> MeshError {
        let reason = String(cString: strerror(errno))
        return MeshError(
            .disk,
            "cannot \(what) \(EntryPath.escaped(path)) (\(reason)): check the folder's permissions and space")
    }
}
