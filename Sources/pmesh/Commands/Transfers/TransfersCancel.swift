import ArgumentParser
import PrimeMesh

/// `pmesh transfers cancel`
struct TransfersCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End a transfer for good, on both sides.")

    @OptionGroup var transfer: TransferArgument
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        try await home.withNode(settings) { node in
            try await node.cancel(transfer.id)
            try await TransferChange.tell("cancelled", transfer.id, node: node, on: output)
        }
    }
}
