import ArgumentParser
import PrimeMesh

/// `pmesh mesh join`
struct MeshJoin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "Join a mesh with the code that its invite printed.",
        discussion: """
            The name that this node goes by is kept in its certificate, and no two members have the same one.
            """)

    @Argument(
        help: "The code, or - to read it from standard input. (default: PMESH_CODE, else it is asked for on a terminal)"
    )
    var code: String?

    @OptionGroup(title: "Meeting") var meeting: MeetingFlags
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Node") var name: NameOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        let source = CodeSource(argument: code, environment: settings.environment, input: TerminalInput(output: output))
        guard let code = try await source.code(isOptional: false) else {
            throw MeshError(.usage, "joining needs the code that `pmesh mesh invite` printed; set PMESH_CODE to it")
        }
        let options = try meeting.options(settings)
        let mesh = try await home.withNode(settings, name: name.name) {
            try await $0.join(code: code, meeting: options)
        }
        var line = JSONLine(event: "joined")
        line.add("mesh", mesh)
        output.style.isJSON ? output.object(line) : output.note("joined mesh \(mesh)")
        output.flush()
    }
}
