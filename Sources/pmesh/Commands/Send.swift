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

    @Argument(help: "What to send; - is standard input.")
    var paths: [PathArgument] = []

    @Option(
        help: .init("Read further paths from this file, one a line; - is standard input.", valueName: "file"))
    var filesFrom: PathArgument?

    @Flag(
        name: [.customShort("0"), .customLong("null")],
        help: "In the file of --files-from a NUL byte ends each path, as `find -print0` writes them.")
    var endsWithNull = false

    @Option(help: .init("Send these words instead of files.", valueName: "words"))
    var text: String?

    @Option(
        help: .init(
            "The name that what - or --text sends has at the receiver. (default: stdin, text.txt)", valueName: "name"))
    var fileName: PathArgument?

    @Flag(name: .customLong(PathsAside.flag), help: .private)
    var hasPathsAside = false
    /// Paths that went past the argument parser.
    var pathsAside: [[UInt8]] = []

    @Option(help: .init("Send to these members of the mesh instead of under a code.", valueName: "name[,name]"))
    var to: [NameList] = []

    @Option(
        help: .init(
            "When to compress: auto (where it makes the transfer faster), always, never, or a zlib level 1 to 9. (default: auto)",
            valueName: "mode"))
    var compress: CompressionMode?

    @Option(
        name: [.customShort("x"), .long],
        help: .init("Leave out what matches this gitignore pattern; may be given several times.", valueName: "pattern"))
    var exclude: [PatternArgument] = []

    @Flag(help: "Send this node's own key, authority, journal and settings, too, where they lie among the paths.")
    var includeKeys = false

    /// Folders always go with all they hold; scp and rsync have taught people to ask for it.
    @Flag(name: .customShort("r"), help: .hidden)
    var recursive = false

    @Flag(help: "Show the code as a QR code, too (with Debian's libqrencode4).")
    var qr = false

    @Flag(help: "After a transfer under this code has ended: send what changed since, as another transfer.")
    var again = false

    @Flag(name: [.customShort("n"), .long], help: "List what would be sent, and send nothing.")
    var dryRun = false

    @OptionGroup(title: "Meeting") var meeting: MeetingFlags
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Node") var name: NameOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func validate() throws {
        guard !paths.isEmpty || hasPathsAside || filesFrom != nil || text != nil else {
            throw ValidationError("Missing expected argument '<paths> ...'; give what to send, or --files-from FILE")
        }
        guard text == nil || paths.isEmpty && !hasPathsAside && filesFrom == nil else {
            throw ValidationError("--text is sent alone; give no paths beside it")
        }
        guard text?.isEmpty != true else { throw ValidationError("--text needs words; give some, in quotes") }
        guard !endsWithNull || filesFrom != nil else {
            throw ValidationError("-0 says how the file of --files-from is written; give both")
        }
    }

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        let request = try request(settings, output)
        if dryRun { return try await preview(request, settings, output) }
        let dial = request.meeting.listen.first { !$0.isWildcard && $0.port != 0 }
        let isChosen = request.code != nil
        let report = TransferReport(
            output: output, direction: .send, home: home.given, canResume: request.input == nil,
            codeNote: { [qr] code in
                CodeNote.lines(code, command: "pmesh receive", dial: dial, isChosen: isChosen, style: output.style)
                    + (qr ? QRCode.lines(code) : [])
            })
        let summaries = try await home.withNode(settings, name: name.name) { node in
            try await report.watch { try await node.send(request, events: report.take) }
        }
        output.flush()
        if let failure = SummaryText.failure(summaries) { throw CommandFailure(failure) }
    }

    private func request(_ settings: Settings, _ output: Output) throws(MeshError) -> SendRequest {
        let listed = try filesFrom.map { file throws(MeshError) in
            try PathList.read(file.bytes, end: endsWithNull ? 0 : UInt8(ascii: "\n"))
        }
        var request = SendRequest(paths: paths.map(\.bytes) + pathsAside + (listed ?? []))
        request.input = try input(request.paths)
        request.includesKeys = includeKeys
        request.again = again
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

    private static let hyphen = [UInt8(ascii: "-")]

    /// What is sent in place of files; - may stand anywhere among the words.
    private func input(_ paths: [[UInt8]]) throws(MeshError) -> SendInput? {
        if let text {
            return SendInput(.text(ArgumentBytes.bytes(of: text)), name: fileName?.bytes ?? Array("text.txt".utf8))
        }
        guard paths.contains(Self.hyphen) else {
            guard fileName == nil else {
                throw MeshError(.usage, "--file-name names what - or --text sends: files have their own names")
            }
            return nil
        }
        guard paths.count == 1 else {
            throw MeshError(.usage, "- is standard input and is sent alone: a file of that name is ./-")
        }
        return SendInput(.standardInput, name: fileName?.bytes ?? Array("stdin".utf8))
    }

    private func preview(_ request: SendRequest, _ settings: Settings, _ output: Output) async throws {
        let preview = try await home.withNode(settings, name: name.name) { try await $0.preview(request) }
        for entry in preview.entries {
            if output.style.isJSON {
                output.object(EventLine.line(entry))
            } else {
                output.result(HumanText.line(entry))
            }
        }
        for entry in preview.leftOut {
            if output.style.isJSON {
                output.object(EventLine.line(.leftOut(path: entry.path, reason: entry.reason)))
            } else {
                output.warning(SummaryText.leftOut(entry.path, entry.reason))
            }
        }
        preview.warnings.forEach(output.warning)
        let sum = preview.entries.reduce(0) { $0 + ($1.size ?? 0) }
        let count = HumanText.count(UInt64(preview.entries.count), "entry", "entries")
        output.note("\(count), \(HumanText.size(sum)); nothing was sent")
        output.flush()
    }
}

extension EventLine {
    fileprivate static func line(_ entry: SendPreview.Entry) -> JSONLine {
        var line = JSONLine(event: "entry")
        line.add("path", entry.path)
        line.add("kind", entry.kind.rawValue)
        if let size = entry.size { line.add("size", size) }
        if let target = entry.target { line.add("target", target) }
        return line
    }
}

extension HumanText {
    fileprivate static func line(_ entry: SendPreview.Entry) -> String {
        switch entry.kind {
        case .file: "\(entry.path)  \(entry.size.map(size) ?? "as long as it is")"
        case .folder: "\(entry.path)/  empty folder"
        case .link: "\(entry.path) -> \(entry.target ?? "")"
        }
    }
}
