import MeshDisk
import MeshJournal
import MeshTransfer
import MeshWire

/// The one place that adds entries to a sender's manifest: the walk, and later the files that changed.
actor ManifestWriter: ManifestAmending {
    private let journal: Journal
    private let transfer: TransferID
    private var draft: ManifestDraft
    private var listeners: [Bytes16: @Sendable (SendEvent) -> Void] = [:]
    /// Reads what is of open length, from when its entry is kept; nil where nothing is read.
    private let reader: OpenReader?
    /// How far each of these has been read, by entry.
    private var files: [UInt64: OpenFile] = [:]
    /// Entries are added one batch after the other: numbering and writing are one step.
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(journal: Journal, record: TransferRecord, reader: OpenReader? = nil) {
        self.journal = journal
        self.reader = reader
        transfer = record.id
        draft = ManifestDraft(totals: record.totals, isComplete: record.isManifestComplete)
    }

    var totals: ManifestTotals { draft.totals }
    var isComplete: Bool { draft.isComplete }
    /// Entries of open length that are being read, or were by this process.
    var reading: Set<UInt64> { Set(files.keys) }

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
            case .append(let entries):
                try await journal.append(entries, to: transfer)
                begin(entries.filter(\.manifest.isOpen))
            case .length(let size, let entry):
                try await journal.setLength(size, ofEntry: entry, of: transfer)
            case .complete: try await journal.setManifest(complete: true, of: transfer)
            }
        }
        draft = next
        tell(.manifestGrew(draft.totals, isComplete: draft.isComplete))
    }

    /// Calls `listener` with how far the manifest and its files of open length are, now and whenever they grow, until `ignore`.
    func listen(_ name: Bytes16, _ listener: @escaping @Sendable (SendEvent) -> Void) {
        listeners[name] = listener
        for file in files.values { listener(.openGrew(file)) }
        listener(.manifestGrew(draft.totals, isComplete: draft.isComplete))
    }

    private func tell(_ event: SendEvent) {
        for listener in listeners.values { listener(event) }
    }

    // MARK: files of open length

    /// Before anybody hears of the entries: a chunk that is wanted before it is read is no chunk that cannot be read.
    private func begin(_ entries: [SourceEntry]) {
        for entry in entries {
            reader?.begin(entry)
            grew(OpenFile(entry))
        }
    }

    /// Further chunks of it are held.
    func grew(_ file: OpenFile) {
        files[file.source.number] = file
        tell(.openGrew(file))
    }

    /// It has ended: that is kept before it is told.
    func ended(_ file: OpenFile) async throws {
        let source = file.source
        try await write { draft throws(TransferError) in try draft.told(source.manifest.size, entry: source.number) }
        grew(file)
    }

    /// It cannot be read to its end: taken back, with the reason why. Its chunks are held until sessions know.
    func lost(_ entry: SourceEntry, _ omission: SourceEntry) async throws {
        try await amend(entry.replaced(by: omission))
        files[entry.number] = nil
        tell(.openLost(entry))
        reader?.drop(entry)
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
