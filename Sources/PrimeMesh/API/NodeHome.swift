import FoundationEssentials
import Glibc

/// Where a node keeps its things: key and memberships in `data`, the journal in `state`, settings in `config`, sockets
/// through which programs of one machine find each other in `runtime`.
public struct NodeHome: Hashable, Sendable {
    public var data: String
    public var state: String
    public var config: String
    /// Shared by all homes of a user: two nodes of one machine meet here whatever their homes.
    public var runtime: String

    /// Everything in one folder (`--home DIR`), but for the runtime folder.
    public init(folder: String, environment: [String: String]) {
        let path = URL(filePath: folder).absoluteURL.standardized.path
        data = path
        state = path
        config = path
        runtime = Self.runtime(environment)
    }

    /// The folders of the XDG Base Directory Specification.
    public init(environment: [String: String]) {
        func folder(_ variable: String, _ fallback: String) -> String {
            let base = environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
            return (base ?? (environment["HOME"] ?? "/") + "/" + fallback) + "/pmesh"
        }
        data = folder("XDG_DATA_HOME", ".local/share")
        state = folder("XDG_STATE_HOME", ".local/state")
        config = folder("XDG_CONFIG_HOME", ".config")
        runtime = Self.runtime(environment)
    }

    private static func runtime(_ environment: [String: String]) -> String {
        if let base = environment["XDG_RUNTIME_DIR"], base.hasPrefix("/") { return base + "/pmesh" }
        return "/tmp/pmesh-\(getuid())"
    }

    var journal: String { state + "/journal.sqlite" }
    var key: String { data + "/node.key" }
    var memberships: String { data + "/meshes" }
}
