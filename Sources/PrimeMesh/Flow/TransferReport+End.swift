import MeshJournal
import MeshTransfer
import MeshWire

extension TransferReport {
    /// Tells the end of a transfer as its journal has it, in either direction: names what is not there as it was offered,
    /// then the sum. Throws where the receipt is missing, which every transfer that ended has.
    func end(_ id: TransferID, in journal: Journal) async throws -> TransferSummary {
        guard let kept = try await journal.receipt(of: id), let receipt = try? Receipt(reading: kept.body) else {
            throw MeshError(.integrity, "the receipt is missing from the journal: run both commands again")
        }
        let left = try await journal.leftOut(of: id, limit: Self.namedLimit)
        name(left)
        let summary = summary(receipt, left)
        event(.done(summary))
        return summary
    }
}
