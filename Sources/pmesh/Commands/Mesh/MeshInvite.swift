import ArgumentParser
import MeshWire
import PrimeMesh

/// `pmesh mesh invite`
struct MeshInvite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Let one node join the mesh under a one-time code.",
        discussion: """
            Run it where the mesh was created, and `pmesh mesh join` on the machine that is to join.
            """)

    @Flag(help: "Show the code as a QR code, too (with Debian's libqrencode4).")
    var qr = false

    @OptionGroup(title: "Meeting") var meeting: MeetingFlags
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Node") var name: NameOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        let source = CodeSource(argument: nil, environment: settings.environment, input: TerminalInput(output: output))
        let code = try source.chosen()
        let options = try meeting.options(settings)
        let report = TransferReport(
            output: output, direction: nil, home: home.given,
            codeNote: { [qr] text in
                CodeNote.lines(text, command: "pmesh mesh join", dial: nil, isChosen: code != nil, style: output.style)
                    + (qr ? QRCode.lines(text) : [])
            })
        let member = try await home.withNode(settings, name: name.name) { node in
            try await report.watch { try await node.invite(code: code, meeting: options, events: report.take) }
        }
        if output.style.isJSON {
            output.object(MeshMembers.line(member))
        } else {
            output.note("\(SummaryText.peer(member.name, member.id)) is a member now")
        }
        output.flush()
    }
}
