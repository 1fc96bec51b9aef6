package import MeshWire

/// What the sender makes of a receipt.
package enum ReceiptVerdict: Sendable {
    /// It is the receiver's, its root is our own, and it is kept.
    case proven(Receipt)
    /// The manifest has grown, or digests were lost with a crash and these files cannot be read again as they were: their
    /// present versions are sent instead.
    case unproven(changed: [SourceEntry])
    /// It is not the receiver's, not of this transfer, or its root is another.
    case wrong
}

/// The sender's last step: is the receipt the receiver's, about this transfer, and does its root equal our own?
package struct ReceiptCheck: Sendable {
    let work: SendWork
    let sender: NodeID
    let receiver: NodeID
    /// The receiver's SubjectPublicKeyInfo, DER, as its connection showed it.
    let receiverKey: [UInt8]
    /// Whether the signature is right and by the key that it names.
    let isSigned: @Sendable (ReceiptRecord) -> Bool

    package init(
        work: SendWork, sender: NodeID, receiver: NodeID, receiverKey: [UInt8],
        isSigned: @escaping @Sendable (ReceiptRecord) -> Bool
    ) {
        self.work = work
        self.sender = sender
        self.receiver = receiver
        self.receiverKey = receiverKey
        self.isSigned = isSigned
    }

    /// Keeps the receipt and ends the transfer where it is proven. `time`: wall clock, nanoseconds since 1970.
    package func run(
        _ record: ReceiptRecord, skipped told: [SkipReason: NumberSet], at time: Int64
    ) async throws -> SendEvent {
        let reasons = try await standing(told)
        let skipped = reasons.filter(\.key.isLeftOut).values.reduce(NumberSet()) { $0.union($1) }
        guard isSigned(record), let receipt = try? Receipt(reading: record.body), receipt.transfer == work.transfer,
            receipt.sender == sender, receipt.receiver == receiver
        else { return .receiptChecked(.wrong) }
        // The manifest has grown since the receiver was told that it is whole: a file that it had was read again for a lost
        // lane and found changed. What was added is on its way, and another receipt will come.
        guard receipt.entries == (try await entryCount()) else { return .receiptChecked(.unproven(changed: [])) }
        let computation = RootComputation(
            journal: work.journal, transfer: work.transfer, direction: .send, skipped: skipped)
        var result = try await computation.result()
        if !result.missing.isEmpty {
            let changed = try await hashAgain(result.missing)
            guard changed.isEmpty else { return .receiptChecked(.unproven(changed: changed)) }
            result = try await computation.result()
        }
        guard result.missing.isEmpty, result.root == receipt.root,
            receipt.skipped == skipped.subtracting(result.omitted).count + result.omitted.count
        else { return .receiptChecked(.wrong) }
        try await work.journal.noteSkipped(
            reasons.merging([.changing: result.lost]) { $1 }, of: work.transfer)
        let isWhole = !reasons.isMissed && result.lost.isEmpty && result.omitted.isEmpty
        try await work.journal.complete(
            work.transfer, state: isWhole ? .done : .partial, receipt: record, at: time)
        return .receiptChecked(.proven(receipt))
    }

    /// What was left out and is taken back by now is no part of what the receiver signs.
    private func standing(_ told: [SkipReason: NumberSet]) async throws -> [SkipReason: NumberSet] {
        let withdrawn = try await work.journal.withdrawnEntries(of: work.transfer)
        return told.mapValues { $0.subtracting(withdrawn) }.filter { !$0.value.isEmpty }
    }

    private func entryCount() async throws -> UInt64 {
        try await work.journal.transfer(work.transfer)?.totals.entries ?? 0
    }

    /// Digests that a crash took with it are computed again from the source. Answers the files of which that is not possible.
    private func hashAgain(_ missing: NumberSet) async throws -> [SourceEntry] {
        var changed: [SourceEntry] = []
        for range in missing.ranges {
            var next = range.lowerBound
            while next < range.upperBound {
                let found = try await work.journal.sourceFiles(of: work.transfer, holding: next, limit: 1)
                guard let file = found.first else { break }
                let plan = FilePlan(entry: file.number, manifest: file.manifest)
                let chunks = max(next, plan.chunks.lowerBound)..<min(range.upperBound, plan.chunks.upperBound)
                guard !chunks.isEmpty else { break }
                let source = work.source
                let records = try await work.pool.blocking { try? SourceDigests.of(file, chunks, source: source) }
                if let records {
                    try await work.journal.acknowledge(records, of: work.transfer)
                } else {
                    changed.append(file)
                }
                next = chunks.upperBound
            }
        }
        return changed
    }
}

/// Digests of source chunks, read anew.
enum SourceDigests {
    static func of(
        _ file: SourceEntry, _ chunks: Range<UInt64>, source: some ChunkSource
    ) throws(DiskError) -> [ChunkRecord] {
        var reader = PieceReader()
        let plan = FilePlan(entry: file.number, manifest: file.manifest)
        var records: [ChunkRecord] = []
        for number in chunks {
            let (offset, length) = plan.extent(of: number)
            var isHole = false
            let digest = try reader.digest(length: length) { region throws(DiskError) in
                isHole = try source.read(file, offset: offset, into: [region])
            }
            records.append(
                ChunkRecord(number: number, digest: isHole ? ZeroRun.digest(length) : digest ?? Digest()))
        }
        guard try source.isUnchanged(file) else { throw .changed(path: EntryPath.escaped(file.manifest.path)) }
        return records
    }
}
