package import MeshWire

/// Answers to `SendSession`'s instructions, as events of the queue that its shell has.
package enum SendEvent: Sendable {
    case manifestGrew(ManifestTotals, isComplete: Bool)
    case openGrew(OpenFile)
    /// It could not be read to its end, and was taken back.
    case openLost(SourceEntry)
    case page(DataMessage, end: UInt64)
    case loaded([SourceEntry], holding: UInt64)
    case recorded
    case kept
    case encoded(UInt64, EncodedBatch, failed: [(entry: SourceEntry, error: DiskError)])
    case sealsChecked(unchanged: [SourceEntry], changed: [SourceEntry])
    /// Files were taken back; `lost` are those that come no more.
    case withdrawn(lost: [SourceEntry])
    case receiptChecked(ReceiptVerdict)
}

extension SendSession {
    /// Tells the session what became of an instruction. The page itself goes out before the session hears of it.
    package mutating func handle(_ event: SendEvent) -> [Instruction] {
        switch event {
        case .manifestGrew(let totals, let isComplete): manifestGrew(to: totals, isComplete: isComplete)
        case .openGrew(let file): openGrew(file)
        case .openLost(let entry): openLost(entry)
        case .page(let message, let end): [.send(message)] + pageSent(end: end)
        case .loaded(let files, let chunk): loaded(files, holding: chunk)
        case .recorded: recorded()
        case .kept: kept()
        case .encoded(let job, let batch, let failed): encoded(job, batch, failed: failed)
        case .sealsChecked(let unchanged, let changed): sealsChecked(unchanged: unchanged, changed: changed)
        case .withdrawn: []
        case .receiptChecked(let verdict): receiptChecked(verdict)
        }
    }
}
