import ArgumentParser
import PrimeMesh

/// `pmesh transfers forget`
struct TransfersForget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Remove a transfer from the journal; received files stay.")

    @OptionGroup var transfer: TransferArgument
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        try await home.withNode(settings) { node in
            try await node.forget(transfer.id)
            try await TransferChange.tell("forgotten", transfer.id, node: nil, on: output)
        }
    }
}
