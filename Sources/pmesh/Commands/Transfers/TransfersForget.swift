import ArgumentParser
import PrimeMesh

/// `pmesh transfers forget`
struct TransfersForget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Remove transfers from the journal, with their hidden parts; received files stay.")

    @Argument(help: "Transfers, or the beginnings of their names: 4 symbols or more.")
    var ids: [String] = []

    @Flag(help: "All that no process works on.")
    var all = false

    @Option(
        help: .init("All of these that began longer ago, such as 30d or 12h.", valueName: "age"),
        transform: Seconds.explained)
    var older: Seconds?

    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func validate() throws {
        let isBulk = all || older != nil
        guard ids.isEmpty == isBulk else {
            throw ValidationError(
                isBulk
                    ? "give transfers, or --all or --older, and not both"
                    : "name the transfers, or give --all or --older AGE")
        }
    }

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        try await home.withNode(settings) { node in
            for id in ids { TransferChange.tell("forgotten", try await node.forget(id), on: output) }
            guard ids.isEmpty else { return }
            let forgotten = try await node.forget(query)
            for info in forgotten { TransferChange.tell("forgotten", info, on: output) }
            if forgotten.isEmpty { output.note("there was nothing to forget") }
        }
        output.flush()
    }

    private var query: HistoryQuery {
        var query = HistoryQuery()
        query.limit = .max
        query.until = older.map { Moment.now() - Int64($0.value * 1e9) }
        return query
    }
}
