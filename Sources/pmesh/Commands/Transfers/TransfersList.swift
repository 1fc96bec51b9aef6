import ArgumentParser
import MeshTransfer
import PrimeMesh

/// `pmesh transfers list`
struct TransfersList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List what is under way, interrupted, paused or failed.")

    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Output") var talk: ListOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        var query = HistoryQuery()
        query.states = [.active, .interrupted, .paused, .failed, .declined, .expired]
        let transfers = try await home.withNode(settings) { [query] node in
            await node.housekeep()
            return try await node.transfers(query)
        }
        if output.style.isJSON {
            for transfer in transfers { output.object(TransferText.line(transfer)) }
        } else if transfers.isEmpty {
            output.note("nothing is under way; `pmesh history` shows what is over")
        } else {
            TransferText.table(transfers).forEach(output.result)
        }
        output.flush()
    }
}
