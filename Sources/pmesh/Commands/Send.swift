import ArgumentParser
import MeshTransfer
import MeshWire
import PrimeMesh

/// `pmesh send`
struct Send: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send files and folders.",
        discussion: """
            Prints a one-time code, and the line to type on the other side. The same command run again after an \
            interruption goes on where it stopped when it has the same code (PMESH_CODE); so does `pmesh resume`.
            """,
        aliases: ["tx"])

    @Argument(help: "What to send.")
    var paths: [PathArgument]

    @Option(help: .init("Send to these members of the mesh instead of under a code.", valueName: "name[,name]"))
    var to: [NameList] = []

    @Option(
        help: .init(
            "When to compress: auto (where it makes the transfer faster), always, never, or a zlib level 1 to 9. (default: auto)",
            valueName: "mode"))
    var compress: CompressionMode?

    @Option(
        help: .init("Leave out what matches this gitignore pattern; may be given several times.", valueName: "pattern"))
    var exclude: [PatternArgument] = []

    @Flag(name: [.customShort("n"), .long], help: "List what would be sent, and send nothing.")
    var dryRun = false

    @OptionGroup(title: "Meeting") var meeting: MeetingFlags
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Node") var name: NameOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        let request = try request(settings, output)
        if dryRun { return try await preview(request, settings, output) }
        let dial = request.meeting.listen.first { !$0.isWildcard }
        let isChosen = request.code != nil
        let report = TransferReport(
            output: output, direction: .send, home: home.given,
            codeNote: {
                CodeNote.lines($0, command: "pmesh receive", dial: dial, isChosen: isChosen, style: output.style)
            })
        let summaries = try await home.withNode(settings, name: name.name) { node in
            try await report.watch { try await node.send(request, events: report.take) }
        }
        output.flush()
        if let failure = SummaryText.failure(summaries) { throw CommandFailure(failure) }
    }

    private func request(_ settings: Settings, _ output: Output) throws(MeshError) -> SendRequest {
        var request = SendRequest(paths: paths.map(\.bytes))
        request.to = to.flatMap(\.names)
        if request.to.isEmpty && !dryRun {
            let source = CodeSource(
                argument: nil, environment: settings.environment, input: TerminalInput(output: output))
            request.code = try source.chosen()
        }
        let file = settings.file
        request.compression = try settings.value(compress, "COMPRESS", "compress", file.compress) ?? .auto
        request.exclude = exclude.map(\.bytes)
        if exclude.isEmpty { request.exclude = (file.exclude ?? []).map { Array($0.utf8) } }
        request.meeting = try meeting.options(settings)
        return request
    }

    private func preview(_ request: SendRequest, _ settings: Settings, _ output: Output) async throws {
        let entries = try await home.withNode(settings, name: name.name) { try await $0.preview(request) }
        for entry in entries {
            var line = JSONLine(event: "entry")
            line.add("path", entry.path)
            line.add("size", entry.size)
            output.style.isJSON ? output.object(line) : output.result("\(entry.path)  \(HumanText.size(entry.size))")
        }
        let sum = entries.reduce(0) { $0 + $1.size }
        output.note(
            "\(HumanText.count(UInt64(entries.count), "entry", "entries")), \(HumanText.size(sum)); nothing was sent")
        output.flush()
    }
}

extension NodeAddress {
    /// An address one can listen at but not dial.
    fileprivate var isWildcard: Bool { ["0.0.0.0", "::", "*"].contains(host) || port == 0 }
}
