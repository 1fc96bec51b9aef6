import ArgumentParser
import PrimeMesh

/// `pmesh transfers cancel`
struct TransfersCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "End a stopped transfer and remove its hidden parts; the other side hears of it at its next contact.")

    @OptionGroup var transfer: TransferArgument
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        try await home.withNode(settings) { node in
            try await node.cancel(transfer.id)
            TransferChange.tell("cancelled", try await node.transfer(transfer.id), on: output)
            output.flush()
        }
    }
}
