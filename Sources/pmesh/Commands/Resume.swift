import ArgumentParser
import PrimeMesh

/// `pmesh resume`
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Go on with an interrupted transfer, as it was asked for then.",
        discussion: """
            Either side may be resumed, and the other one too where it has stopped; one that still waits goes on by itself. \
            What was edited at the sender meanwhile comes as it is now. Where nobody had come yet, and the code still \
            lives, it is printed again.
            """)

    @Argument(help: "The transfer, or the beginning of its name. (default: the latest that was interrupted)")
    var id: String?

    @OptionGroup(title: "Meeting") var meeting: MeetingFlags
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Node") var name: NameOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        let options = try meeting.options(settings)
        let report = TransferReport(
            output: output, direction: nil, home: home.given,
            codeNote: {
                CodeNote.lines($0, command: "pmesh receive", dial: nil, isChosen: false, style: output.style)
            })
        let id = id
        let summaries = try await home.withNode(settings, name: name.name) { node in
            try await report.watch {
                try await node.resume(id, meeting: options) { report.take($0, own: node.id) }
            }
        }
        output.flush()
        if let failure = SummaryText.failure(summaries) { throw CommandFailure(failure) }
    }
}
