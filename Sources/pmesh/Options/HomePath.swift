import PrimeMesh

/// `~` in a path that no shell has read: a setting's, or one behind `--out=`.
enum HomePath {
    /// `~` alone or before a slash is the person's folder; any other path stays as it is.
    static func expanded(_ path: [UInt8], _ environment: Environment) throws(MeshError) -> [UInt8] {
        let rest = path.dropFirst()
        guard path.first == UInt8(ascii: "~"), rest.isEmpty || rest.first == UInt8(ascii: "/") else { return path }
        guard let home = environment.variable("HOME"), home.first == UInt8(ascii: "/") else {
            throw MeshError(
                .usage, "HOME is not set to an absolute path, so that ~ means nothing: set it, or write the path out")
        }
        return home + rest
    }
}
