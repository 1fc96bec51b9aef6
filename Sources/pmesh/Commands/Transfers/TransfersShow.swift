import ArgumentParser
import PrimeMesh

/// `pmesh transfers show`
struct TransfersShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show everything about one transfer.")

    @OptionGroup var transfer: TransferArgument
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Output") var talk: ListOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        let info = try await home.withNode(settings) { try await $0.transfer(transfer.id) }
        if output.style.isJSON {
            output.object(TransferText.line(info))
        } else {
            TransferText.details(info).forEach(output.result)
        }
        output.flush()
    }
}
