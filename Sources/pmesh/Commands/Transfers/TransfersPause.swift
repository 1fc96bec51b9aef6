import ArgumentParser
import PrimeMesh

/// `pmesh transfers pause`
struct TransfersPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Hold a stopped transfer until it is resumed.")

    @OptionGroup var transfer: TransferArgument
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        try await home.withNode(settings) { node in
            try await node.pause(transfer.id)
            TransferChange.tell("paused", try await node.transfer(transfer.id), on: output)
            output.flush()
        }
    }
}
