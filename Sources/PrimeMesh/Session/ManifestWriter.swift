import MeshJournal
import MeshTransfer
import MeshWire

/// The one place that adds entries to a sender's manifest: the walk, and later the files that changed.
actor ManifestWriter {
    private let journal: Journal
    private let transfer: TransferID
    private var draft: ManifestDraft
    private var listeners: [Bytes16: @Sendable (ManifestTotals, Bool) -> Void] = [:]
    /// Entries are added one batch after the other: numbering and writing are one step.
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(journal: Journal, record: TransferRecord) {
        self.journal = journal
        transfer = record.id
        draft = ManifestDraft(totals: record.totals, isComplete: record.isManifestComplete)
    }

    var totals: ManifestTotals { draft.totals }
    var isComplete: Bool { draft.isComplete }

    /// Takes files back and adds them anew, once the walk is over.
    func amend(_ entries: [SourceEntry]) async throws {
        try await write { draft throws(TransferError) in try draft.amended(entries) }
    }

    /// Numbers the entries of the walk and keeps them. `complete` marks its end.
    func append(_ walked: [SourceEntry], complete: Bool) async throws {
        try await write { draft throws(TransferError) in try draft.walked(walked, isLast: complete) }
    }

    private func write(_ change: (inout ManifestDraft) throws(TransferError) -> [ManifestDraft.Write]) async throws {
        await enter()
        defer { leave() }
        var next = draft
        for write in try change(&next) {
            switch write {
            case .append(let entries): try await journal.append(entries, to: transfer)
            case .complete: try await journal.setManifest(complete: true, of: transfer)
            }
        }
        draft = next
        for listener in listeners.values { listener(draft.totals, draft.isComplete) }
    }

    /// Calls `listener` with how far the manifest is, now and whenever it grows, until `ignore`.
    func listen(_ name: Bytes16, _ listener: @escaping @Sendable (ManifestTotals, Bool) -> Void) {
        listeners[name] = listener
        listener(draft.totals, draft.isComplete)
    }

    func ignore(_ name: Bytes16) { listeners[name] = nil }

    private func enter() async {
        guard isBusy else {
            isBusy = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Hands over to the next in line, or opens the way.
    private func leave() {
        if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
    }
}
