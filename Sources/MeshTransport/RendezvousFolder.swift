import Glibc
import MeshControl

/// The folder of meeting points: sockets named `<tag>-<8 digits>.sock`, in a folder that nobody else may look into. The
/// calls below are metadata of a memory file system and do not wait for a disk.
struct RendezvousFolder: Sendable {
    /// Bytes of a socket's path: sun_path of unix(7) less its end.
    static let pathLimit = 107
    private static let suffix = ".sock"

    private let path: String

    init(_ path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// A socket's name while it is being made, and for good. What is visible listens: a socket that refuses is a dead
    /// process's.
    struct Place: Sendable {
        var hidden: String
        var visible: String
    }

    /// A free name within `scope`, in a folder that is safe.
    func place(for scope: DiscoveryScope) throws(TransportError) -> Place {
        try secure()
        let number = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        let name = scope.tag + "-" + String(repeating: "0", count: 8 - number.count) + number
        let place = Place(hidden: "\(path)/.\(name)", visible: "\(path)/\(name)\(Self.suffix)")
        guard max(place.visible.utf8.count, place.hidden.utf8.count) <= Self.pathLimit else {
            let limit = Self.pathLimit - (place.visible.utf8.count - path.utf8.count)
            throw .rendezvous("the folder \(path) has a name of more than \(limit) bytes; choose a shorter one")
        }
        return place
    }

    /// Makes the socket visible to askers.
    func publish(_ place: Place) throws(TransportError) {
        guard rename(place.hidden, place.visible) == 0 else {
            let reason = systemWords(errno)
            remove(place.hidden)
            throw .rendezvous("\(place.visible) cannot be made (\(reason)); check the folder")
        }
    }

    func remove(_ socket: String) { unlink(socket) }

    /// All visible sockets of a scope, in any order; none where the folder is missing or not safe.
    func paths(of scope: DiscoveryScope) -> [String] {
        guard isOurs(), let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var paths: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(scope.tag + "-"), name.hasSuffix(Self.suffix) { paths.append("\(path)/\(name)") }
        }
        return paths
    }

    private func secure() throws(TransportError) {
        if mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw .rendezvous("the folder \(path) cannot be made (\(systemWords(errno))); set XDG_RUNTIME_DIR")
        }
        guard isOurs() else {
            throw .rendezvous("the folder \(path) is not ours alone; remove it, or set its mode to 0700")
        }
    }

    /// A folder, not a link to one; of our user; closed to everybody else.
    private func isOurs() -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid() && status.st_mode & 0o077 == 0
    }
}
