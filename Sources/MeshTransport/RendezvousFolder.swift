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

    /// Removes the sockets of processes that were killed: what is visible listens, so one that refuses is a dead one's.
    func sweep() {
        for socket in sockets({ _ in true }).prefix(Self.sweepLimit) where Self.refuses(socket) { remove(socket) }
    }

    /// Sockets looked at in one sweep.
    private static let sweepLimit = 1_024

    /// Answers at once: connecting to a Unix socket does not wait where the socket does not block.
    private static func refuses(_ socket: String) -> Bool {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(socket.utf8)
        guard bytes.count <= pathLimit else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result != 0 && errno == ECONNREFUSED
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
    func paths(of scope: DiscoveryScope) -> [String] { sockets { $0.hasPrefix(scope.tag + "-") } }

    private func sockets(_ isMeant: (String) -> Bool) -> [String] {
        guard isOurs(), let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var paths: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(Self.suffix), !name.hasPrefix("."), isMeant(name) { paths.append("\(path)/\(name)") }
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
