import ArgumentParser
import PrimeMesh

/// `pmesh transfers retry`
struct TransfersRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Try again what failed: all attempts count from zero, and a resume goes on.")

    @OptionGroup var transfer: TransferArgument
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        try await home.withNode(settings) { node in
            try await node.retry(transfer.id)
            try await TransferChange.tell("to be tried again", transfer.id, node: node, on: output)
        }
    }
}
