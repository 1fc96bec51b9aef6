import ArgumentParser

/// `pmesh transfers`
struct Transfers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "See and change transfers that are not over.",
        subcommands: [
            TransfersList.self, TransfersShow.self, Resume.self, TransfersPause.self, TransfersCancel.self,
            TransfersRetry.self,
            TransfersForget.self, TransfersTidy.self,
        ],
        defaultSubcommand: TransfersList.self)
}

/// Which transfer a command is about.
struct TransferArgument: ParsableArguments {
    @Argument(help: "The transfer, or the beginning of its name.")
    var id: String
}
