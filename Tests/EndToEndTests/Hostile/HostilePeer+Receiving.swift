import MeshTransfer
import MeshTrust
import MeshWire
import NIOCore

// The receiver's half of a transfer.
extension HostilePeer {
    func offered() async throws -> TransferControl {
        try expected(
            await control.heard.first { message -> TransferControl? in
                guard case .transfer(let transfer) = message, case .offer = transfer.action else { return nil }
                return transfer
            }, "an offer")
    }

    func accept(from entry: UInt64 = 0) async throws -> TransferControl {
        let offer = try await offered()
        let answer = TransferControl(transfer: offer.transfer, action: .accept(manifestFrom: entry))
        try await control.say(.transfer(answer))
        return offer
    }

    /// Entries and chunks of the manifest.
    func manifest() async throws -> (entries: UInt64, chunks: UInt64) {
        try expected(
            try await lead.message { message -> (entries: UInt64, chunks: UInt64)? in
                if case .manifestEnd(let entries, let chunks) = message { (entries, chunks) } else { nil }
            }, "the manifest's end")
    }

    func want(_ chunks: Range<UInt64>) async throws {
        try await lead.say(.want(chunks: NumberSet(chunks), seals: NumberSet()))
    }

    /// Waits until so many chunks have arrived.
    func chunks(_ count: Int) async throws {
        let isThere = try await lead.heard.first(count: count) { word -> Bool? in
            if case .chunk = word { true } else { nil }
        }
        try expected(isThere, "chunk \(count)")
    }

    /// A receipt for the transfer as an honest receiver of one chunk would sign it, but for what `change` makes of it.
    func receipt(
        of offer: TransferControl, _ change: (inout Receipt) -> Void = { _ in }
    ) -> Receipt {
        guard case .offer(_, let sums, _, _) = offer.action else { preconditionFailure("not an offer") }
        var receipt = Receipt(
            sender: remote, receiver: identity.nodeID, transfer: offer.transfer, root: .drawn(), entries: sums.entries,
            bytes: sums.bytes, chunks: 1, skipped: 0, isDurable: true, time: 0)
        change(&receipt)
        return receipt
    }
}
