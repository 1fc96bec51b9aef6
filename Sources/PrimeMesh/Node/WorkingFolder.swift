import Glibc

/// The folder that this process was started in, as the system names it: in bytes.
enum WorkingFolder {
    /// Bytes to begin with, and beyond which no path is believed.
    private static let sizes = [4_096, 65_536, 1_048_576]

    /// Throws where the folder was removed meanwhile, or lies outside of what this process can reach.
    static func path() throws(MeshError) -> [UInt8] {
        for size in sizes {
            var room = [CChar](repeating: 0, count: size)
            if getcwd(&room, size) != nil { return try checked(room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }) }
            if errno != ERANGE { break }
        }
        throw gone
    }

    /// Linux answers "(unreachable)/…" for a folder outside of the process's root (getcwd(3)).
    private static func checked(_ path: [UInt8]) throws(MeshError) -> [UInt8] {
        guard path.first == UInt8(ascii: "/") else { throw gone }
        return path
    }

    private static let gone = MeshError(
        .disk, "the folder this command was started in is gone: change to one that exists, or give absolute paths")
}
