import ArgumentParser
import PrimeMesh

/// Where the node lives.
struct HomeOptions: ParsableArguments {
    @Option(
        help: .init("Keep key, journal and settings in this folder instead of the XDG folders.", valueName: "dir"))
    var home: PathArgument?

    func settings() throws(MeshError) -> Settings {
        try Settings(home: home?.bytes)
    }

    /// As it was typed, for the line that resumes.
    var given: [UInt8]? { home?.bytes }

    /// Opens the node, runs `body`, and closes the node whatever happens. `name`: what `--name` said, where the command
    /// has it.
    func withNode<Value>(
        _ settings: Settings, name: NodeName? = nil, _ body: (MeshNode) async throws -> Value
    ) async throws -> Value {
        let name = try settings.value(name, "NAME", "name", settings.file.name)?.text ?? HostName.asNodeName
        let node = try await MeshNode(home: settings.home, name: name)
        do {
            let value = try await body(node)
            await node.close()
            return value
        } catch {
            await node.close()
            throw error
        }
    }
}

/// What this node is called by others.
struct NameOptions: ParsableArguments {
    @Option(
        help: .init(
            "What others see this node as: a to z, 0 to 9 and hyphens. (default: the host's name)", valueName: "name"),
        transform: NodeName.explained)
    var name: NodeName?
}
