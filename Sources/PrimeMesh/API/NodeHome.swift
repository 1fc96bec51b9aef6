import Glibc
import MeshDisk

/// Where a node keeps its things: key and memberships in `data`, the journal in `state`, settings in `config`, sockets
/// through which programs of one machine find each other in `runtime`. Paths are bytes, as the system has them.
public struct NodeHome: Hashable, Sendable {
    public var data: [UInt8]
    public var state: [UInt8]
    public var config: [UInt8]
    /// Shared by all homes of a user: two nodes of one machine meet here whatever their homes.
    public var runtime: String

    /// Everything in one folder (`--home DIR`), but for the runtime folder. `variable` answers the environment's.
    public init(folder: [UInt8], variable: (String) -> [UInt8]?) {
        let slash = UInt8(ascii: "/")
        let end = folder.lastIndex { $0 != slash }.map { $0 + 1 } ?? min(1, folder.count)
        data = Array(folder[..<end])
        state = data
        config = data
        runtime = Self.runtime(variable)
    }

    /// The same from texts.
    public init(folder: String, environment: [String: String]) {
        self.init(folder: Array(folder.utf8)) { environment[$0].map { Array($0.utf8) } }
    }

    /// The folders of the XDG Base Directory Specification. Throws where the environment names no place for one: none is
    /// made up.
    public init(variable: (String) -> [UInt8]?) throws(MeshError) {
        data = try Self.folder(variable, "XDG_DATA_HOME", ".local/share")
        state = try Self.folder(variable, "XDG_STATE_HOME", ".local/state")
        config = try Self.folder(variable, "XDG_CONFIG_HOME", ".config")
        runtime = Self.runtime(variable)
    }

    private static func folder(
        _ variable: (String) -> [UInt8]?, _ name: String, _ fallback: String
    ) throws(MeshError) -> [UInt8] {
        if let base = absolute(variable(name)) { return base + "/pmesh".utf8 }
        guard let home = absolute(variable("HOME")) else {
            throw MeshError(.usage, "HOME is not set to an absolute path: set it, or give --home DIR or PMESH_HOME")
        }
        return home + "/\(fallback)/pmesh".utf8
    }

    private static func runtime(_ variable: (String) -> [UInt8]?) -> String {
        // A socket's path is text to the library that opens it: any other runtime folder is as good as none.
        if let base = absolute(variable("XDG_RUNTIME_DIR")), let text = String(validating: base, as: UTF8.self) {
            return text + "/pmesh"
        }
        return "/tmp/pmesh-\(getuid())"
    }

    /// Without slashes at its end; nil for what is not absolute, which the specification says to ignore.
    private static func absolute(_ path: [UInt8]?) -> [UInt8]? {
        let slash = UInt8(ascii: "/")
        guard let path, path.first == slash else { return nil }
        return Array(path[..<((path.lastIndex { $0 != slash } ?? -1) + 1)])
    }

    /// Whether the node that lives here is a member of a mesh: its membership is a file. Looks at the disk.
    public var isInMesh: Bool {
        membership.withPath { access($0, F_OK) } == 0
    }

    var membership: [UInt8] { data + "/mesh.json".utf8 }
    var journal: [UInt8] { state + "/journal.sqlite".utf8 }
    var key: [UInt8] { data + "/node.key".utf8 }
}
