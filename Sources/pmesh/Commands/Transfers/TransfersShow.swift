import ArgumentParser
import PrimeMesh

/// `pmesh transfers show`
struct TransfersShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show everything about one transfer, with all that was left out and why.")

    @OptionGroup var transfer: TransferArgument
    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Output") var talk: ListOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        try await home.withNode(settings) { node in
            show(try await node.transfer(transfer.id), on: output)
            try await node.leftOut(of: transfer.id) { entry in
                if output.style.isJSON {
                    output.object(EventLine.line(.leftOut(path: entry.path, reason: entry.reason)))
                } else {
                    output.result(SummaryText.leftOut(entry.path, entry.reason))
                }
            }
        }
        output.flush()
    }

    private func show(_ info: TransferInfo, on output: Output) {
        if output.style.isJSON {
            output.object(TransferText.line(info))
        } else {
            TransferText.details(info).forEach(output.result)
        }
    }
}
