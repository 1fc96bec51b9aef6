import ArgumentParser
import MeshWire
import PrimeMesh

/// `pmesh mesh create`
struct MeshCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a mesh with this node as its first member.",
        discussion: """
            The recovery file holds the mesh's authority under a passphrase (asked for, or PMESH_PASSPHRASE): a later \
            version brings the mesh back from it where this machine is lost, and this one cannot yet. Keep it somewhere else.
            """)

    @Argument(help: "The mesh's name: a to z, 0 to 9 and hyphens.")
    var mesh: String

    @Option(
        help: .init(
            "Where to write the recovery file. (default: NAME.pmesh-recovery in the current folder)", valueName: "file")
    )
    var recovery: PathArgument?

    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Node") var name: NameOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        let file = try HomePath.expanded(
            recovery?.bytes ?? Array("\(mesh).pmesh-recovery".utf8), settings.environment)
        try LocalFile.checkMissing(file)
        let shown = EntryPath.escaped(file)
        let passphrase = try await passphrase(settings.environment, TerminalInput(output: output))
        try await home.withNode(settings, name: name.name) {
            try await $0.createMesh(named: mesh, recovery: file, passphrase: passphrase)
        }
        var line = JSONLine(event: "created")
        line.add("mesh", mesh)
        line.add("recovery", shown)
        output.style.isJSON
            ? output.object(line) : output.note("mesh \(mesh) is created; its recovery file is \(shown)")
        output.flush()
    }

    private func passphrase(_ environment: Environment, _ input: TerminalInput) async throws(MeshError) -> String {
        if let given = environment["PASSPHRASE"] { return given }
        guard TerminalInput.isInteractive else {
            throw MeshError(
                .usage, "the recovery file needs a passphrase and there is no terminal to ask at; set PMESH_PASSPHRASE")
        }
        while true {
            guard let first = await input.ask("passphrase for the recovery file: ", isHidden: true),
                let second = await input.ask("once more: ", isHidden: true)
            else { throw MeshError(.interrupted, "interrupted before a passphrase was given") }
            if first == second && !first.isEmpty { return first }
            input.output.essential(first.isEmpty ? "it must not be empty" : "the two differ")
        }
    }
}
