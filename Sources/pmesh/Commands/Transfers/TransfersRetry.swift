import ArgumentParser
import MeshTransfer
import MeshWire
import PrimeMesh

/// `pmesh transfers retry`
struct TransfersRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Take a pause, a cancellation or a failure back: `pmesh resume` goes on then.")

    @OptionGroup var transfer: TransferArgument
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        try await home.withNode(settings) { node in
            let before = try await node.transfer(transfer.id)
            try await node.retry(transfer.id)
            let info = try await node.transfer(transfer.id)
            TransferChange.tell("to be tried again", info, on: output)
            if before.state == .cancelled, before.direction == .receive {
                output.note("its unfinished files begin anew: their hidden parts went with the cancellation")
            }
            output.note("`pmesh resume \(info.id.short)` goes on")
            output.flush()
        }
    }
}
