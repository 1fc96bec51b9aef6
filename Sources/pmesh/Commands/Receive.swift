import ArgumentParser
import MeshTransfer
import PrimeMesh

/// `pmesh receive`
struct Receive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Receive what somebody sends under a code, or what members of the mesh send.",
        discussion: """
            A node is shown as `name (k7qx9f2m)`: in brackets stands the beginning of its identity. Two machines may have \
            one name, and never one identity.
            """,
        aliases: ["rx", "recv"])

    @Argument(
        help:
            "The sender's code, or - to read it from standard input. (default: PMESH_CODE, else it is asked for on a terminal; without one: what members send)"
    )
    var code: String?

    @Option(
        name: [.customShort("o"), .long],
        help: .init("The folder to put things into; made if need be. (default: the current folder)", valueName: "dir"))
    var out: PathArgument?

    @Flag(help: "Write the one file that comes to standard output, in order, and all else to standard error.")
    var stdout = false

    @Flag(name: .shortAndLong, help: "Accept without asking.")
    var yes = false

    @Option(
        help: .init(
            "Where a name is taken: rename, skip, overwrite, newer, or ask which of them. (default: rename)",
            valueName: "rule"))
    var onConflict: ConflictChoice?

    @Option(help: .init("Which symbolic links to make: those that stay inside, or all.", valueName: "inside|all"))
    var links: LinkChoice = .inside

    @Flag(
        inversion: .prefixedNo,
        help:
            "Permissions. Without either: new and replaced files and new folders get the sender's, as with rsync -a, whatever the umask is (cp and tar obey it); folders that are there keep theirs. --perms: those get the sender's, too. --no-perms: what is new gets what your umask leaves of the sender's, as with cp; what is replaced keeps mode and owner."
    )
    var perms: Bool?

    @Flag(help: "Wait for the disk at every step: slower, and proof against a power cut.")
    var fsync = false

    @OptionGroup(title: "Meeting") var meeting: MeetingFlags
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Node") var name: NameOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func validate() throws {
        guard stdout else { return }
        guard !talk.json else { throw ValidationError("--stdout and --json both write to standard output; give one") }
        guard out == nil else { throw ValidationError("--stdout takes the place of a folder; give one of them") }
    }

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment, resultsAside: stdout)
        let input = TerminalInput(output: output)
        let request = try await request(settings, input)
        let isElsewhere = !stdout && request.out != [UInt8(ascii: ".")]
        let report = TransferReport(
            output: output, direction: .receive, home: home.given, folder: isElsewhere ? request.out : nil, asks: !yes,
            canResume: !stdout)
        let question = OfferQuestion(isAnswered: yes, input: input)
        let summaries: [TransferSummary]
        do {
            summaries = try await home.withNode(settings, name: name.name) { node in
                try await report.watch {
                    try await node.receive(request, decide: question.decide, events: report.take)
                }
            }
        } catch {
            throw question.refusal ?? error
        }
        output.flush()
        if let refusal = question.refusal { throw refusal }
        if let failure = SummaryText.failure(summaries) { throw CommandFailure(failure) }
    }

    private func request(_ settings: Settings, _ input: TerminalInput) async throws(MeshError) -> ReceiveRequest {
        var request = ReceiveRequest(out: try folder(settings))
        request.meeting = try meeting.options(settings)
        request.passesOn = stdout
        request.allLinks = links == .all
        request.fsync = fsync
        request.permissions = permissions
        let choice = try settings.value(onConflict, "ON_CONFLICT", "onConflict", settings.file.onConflict)
        let source = CodeSource(argument: code, environment: settings.environment, input: input)
        // In no mesh there is nothing to wait for without a code.
        let isMember = settings.home.isInMesh
        request.code = try await source.code(isOptional: isMember)
        guard isMember || request.code != nil else {
            throw MeshError(.usage, "there is no code and no terminal to ask at: set PMESH_CODE to the sender's code")
        }
        request.onConflict = try await rule(choice ?? .rule(.rename), input)
        return request
    }

    private var permissions: PermissionRule {
        switch perms {
        case nil: .sender
        case true?: .all
        case false?: .receiver
        }
    }

    private func folder(_ settings: Settings) throws(MeshError) -> [UInt8] {
        let given = out?.bytes ?? settings.environment.bytes("OUT") ?? settings.file.out.map { Array($0.utf8) }
        return try HomePath.expanded(given ?? [UInt8(ascii: ".")], settings.environment)
    }

    private func rule(_ choice: ConflictChoice, _ input: TerminalInput) async throws(MeshError) -> ConflictRule {
        guard case .ask = choice else {
            guard case .rule(let rule) = choice else { return .rename }
            return rule
        }
        guard TerminalInput.isInteractive else {
            throw MeshError(.usage, "--on-conflict ask needs a terminal; name one of rename, skip, overwrite, newer")
        }
        while let answer = await input.ask("where a name is taken: rename, skip, overwrite or newer? [rename] ") {
            let word = answer.lowercased().filter { !$0.isWhitespace }
            if word.isEmpty { return .rename }
            if let rule = ConflictRule.allCases.first(where: { $0.rawValue.hasPrefix(word) }) { return rule }
        }
        throw MeshError(.interrupted, "interrupted before a rule was chosen")
    }
}
