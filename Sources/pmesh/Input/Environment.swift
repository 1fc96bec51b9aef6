import Glibc

/// The program's environment, as text for names and numbers and as bytes for paths.
struct Environment: Sendable {
    private let value: @Sendable (String) -> [UInt8]?

    /// This process's.
    init() {
        value = { name in
            getenv(name).map { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
        }
    }

    init(_ variables: [String: String]) {
        value = { variables[$0].map { Array($0.utf8) } }
    }

    /// Any variable in its bytes, which need not be UTF-8; nil where it is empty.
    func variable(_ name: String) -> [UInt8]? {
        value(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Any variable as text; nil where it is empty or none.
    func text(_ name: String) -> String? {
        variable(name).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The variable `PMESH_<name>`; nil where it is empty.
    subscript(name: String) -> String? { text("PMESH_" + name) }

    /// The same in its bytes.
    func bytes(_ name: String) -> [UInt8]? { variable("PMESH_" + name) }
}
