import ArgumentParser
import MeshTransfer
import PrimeMesh

/// `pmesh history`
struct History: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what was sent and received, with totals and receipts.",
        discussion: """
            The latest transfers of this node, newest first, in whatever state they are; `pmesh transfers show` tells \
            everything about one. Times are those of this machine, in --json and --csv those of UTC.
            """)

    @Option(help: .init("Only with this peer, by name or NodeID.", valueName: "peer"))
    var peer: String?

    @Option(help: .init("Only send or receive.", valueName: "direction"))
    var direction: TransferDirection?

    @Option(help: .init("Only in this state; may be given several times.", valueName: "state"))
    var state: [TransferStatus] = []

    @Option(
        help: .init("Only from then on: 2026-05-01, 2026-05-01T08:30, or an age such as 12h or 7d.", valueName: "time"))
    var since: Moment?

    @Option(help: .init("Only until then.", valueName: "time"))
    var until: Moment?

    @Option(help: .init("Only where a path contains this.", valueName: "text"))
    var name: String?

    @Option(help: .init("At most this many, the latest ones.", valueName: "count"))
    var limit = 100

    @Flag(help: "One JSON object per line.")
    var json = false

    @Flag(help: "Comma-separated values with a heading.")
    var csv = false

    @OptionGroup(title: "Node") var home: HomeOptions

    func validate() throws {
        if json && csv { throw ValidationError("--json and --csv exclude each other; give one of them") }
        if limit < 1 { throw ValidationError("--limit \(limit) shows nothing; give 1 or more") }
    }

    func run() async throws {
        let settings = try home.settings()
        let output = Output(Output.style(isJSON: json, isQuiet: false, environment: settings.environment))
        let (transfers, matching) = try await home.withNode(settings) { node in
            let transfers = try await node.transfers(query)
            // Counting reads every path again where a name is looked for: only where the limit may have cut.
            return (transfers, transfers.count < limit ? UInt64(transfers.count) : try await node.count(query))
        }
        if json {
            for transfer in transfers { output.object(TransferText.line(transfer)) }
            output.object(TransferTotals(transfers, matching: matching).line)
        } else if csv {
            TransferText.csv(transfers).forEach(output.result)
            // The records go into a file: what that does not hold is said beside it.
            if let missing = TransferTotals(transfers, matching: matching).missing { output.essential(missing) }
        } else {
            TransferText.table(transfers).forEach(output.result)
            output.result(TransferTotals(transfers, matching: matching).sentence)
        }
        output.flush()
    }

    private var query: HistoryQuery {
        var query = HistoryQuery()
        query.peer = peer
        query.direction = direction
        query.states = state
        query.since = since?.nanoseconds
        query.until = until?.nanoseconds
        query.name = name
        query.limit = limit
        return query
    }
}
