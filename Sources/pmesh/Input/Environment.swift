import FoundationEssentials
import Glibc

/// The program's environment, as text for names and numbers and as bytes for paths.
struct Environment: Sendable {
    /// All variables whose value is text.
    let variables: [String: String]

    init(_ variables: [String: String] = ProcessInfo.processInfo.environment) {
        self.variables = variables
    }

    /// The variable `PMESH_<name>`; nil where it is empty.
    subscript(name: String) -> String? {
        variables["PMESH_" + name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The same in its bytes, which need not be UTF-8.
    func bytes(_ name: String) -> [UInt8]? {
        guard let value = getenv("PMESH_" + name), value.pointee != 0 else { return self[name].map { Array($0.utf8) } }
        return Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
    }
}
