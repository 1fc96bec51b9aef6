import MeshJournal
import MeshTransfer
import MeshWire

/// The one place that adds entries to a sender's manifest: the walk, and later the files that changed.
actor ManifestWriter {
    private let journal: Journal
    private let transfer: TransferID
    private(set) var totals: ManifestTotals
    private(set) var isComplete: Bool
    private var listeners: [Bytes16: @Sendable (ManifestTotals, Bool) -> Void] = [:]
    /// Amendments that wait for the end of the walk.
    private var deferred: [SourceEntry] = []
    /// Appends are made one after the other: numbering and writing are one step.
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(journal: Journal, record: TransferRecord) {
        self.journal = journal
        transfer = record.id
        totals = record.totals
        isComplete = record.isManifestComplete
    }

    /// Takes files back and adds them anew. While the walk goes on this waits for its end: a walk that is interrupted
    /// goes on behind the last entry, which must therefore be its own.
    func amend(_ entries: [SourceEntry]) async throws {
        deferred += entries
        if isComplete { try await append([], complete: true) }
    }

    /// Numbers the entries of the walk and keeps them. `complete` marks its end.
    func append(_ walked: [SourceEntry], complete: Bool) async throws {
        await enter()
        defer { leave() }
        var entries = walked
        if complete {
            entries += deferred
            deferred = []
        }
        var next = totals
        var numbered: [SourceEntry] = []
        numbered.reserveCapacity(entries.count)
        for var entry in entries {
            entry.number = next.entries
            entry.manifest.firstChunk = next.chunks
            guard next.add(entry.manifest) else {
                throw MeshError(.usage, "there are more files than one transfer can hold: send them in several")
            }
            numbered.append(entry)
        }
        if isComplete && !numbered.isEmpty { try await journal.setManifest(complete: false, of: transfer) }
        if !numbered.isEmpty { try await journal.append(numbered, to: transfer) }
        let whole = isComplete || complete
        if whole { try await journal.setManifest(complete: true, of: transfer) }
        totals = next
        isComplete = whole
        for listener in listeners.values { listener(totals, isComplete) }
    }

    /// Calls `listener` with how far the manifest is, now and whenever it grows, until `ignore`.
    func listen(_ name: Bytes16, _ listener: @escaping @Sendable (ManifestTotals, Bool) -> Void) {
        listeners[name] = listener
        listener(totals, isComplete)
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
