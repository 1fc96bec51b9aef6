import PrimeMesh
import Synchronization

/// Asks a person whether an offer is welcome, and remembers a refusal.
final class OfferQuestion: Sendable {
    private let isAnswered: Bool
    private let input: TerminalInput
    private let refused = Mutex<CommandFailure?>(nil)

    /// `isAnswered`: every offer is welcome (`--yes`).
    init(isAnswered: Bool, input: TerminalInput) {
        self.isAnswered = isAnswered
        self.input = input
    }

    /// Why the command ends, once an offer was refused here.
    var refusal: CommandFailure? { refused.withLock { $0 } }

    @Sendable func decide(_ offer: Offer) async -> Bool {
        if isAnswered { return true }
        let sender = SummaryText.peer(offer.senderName, offer.sender)
        guard TerminalInput.isInteractive else {
            refuse(
                "refused what \(sender) offers: there is no terminal to ask at; run the same command with --yes to accept"
            )
            return false
        }
        for line in SummaryText.offer(offer) { input.output.essential(line) }
        let answer = await input.ask("accept? [y/N] ")
        if let answer, ["y", "yes"].contains(answer.lowercased().filter({ !$0.isWhitespace })) { return true }
        refuse(
            "refused what \(sender) offers, as you answered: to be asked again, run both commands again, the sender's first"
        )
        return false
    }

    private func refuse(_ sentence: String) {
        refused.withLock { $0 = CommandFailure(MeshError(.refused, sentence)) }
    }
}
