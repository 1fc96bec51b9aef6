import ArgumentParser

/// `pmesh transfers`
struct Transfers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "See and change transfers that are not over.",
        discussion: """
            Without a command they are listed. `pause`, `cancel`, `retry` and `forget` are for transfers that no process \
            works on: Ctrl-C stops one that runs, and `resume` goes on with it.
            """,
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
