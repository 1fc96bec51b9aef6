import MeshTransfer
import MeshWire

/// A sender's walk and manifest, which outlive the link: what `SendFlow` keeps beside its sessions.
final class SendingProcess: ManifestAmending {
    let node: SimulatedNode
    let transfer: TransferID
    let source: SimulatedSource
    private(set) var draft: ManifestDraft
    /// What the walk has not found yet.
    private var ahead: [SourceEntry]
    /// The sources as a resume found them, by path: all are in the manifest as they are here, or as they became later. Nil
    /// where the transfer was new.
    private(set) var compared: [[UInt8]: SourceEntry]?
    /// Who is told when the manifest grows.
    var trace: (String) -> Void = { _ in }
    var listener: (ManifestTotals, Bool) -> Void = { _, _ in }
    /// How far each file of open length has been read, by entry: also of those that a receiver wanted no more of.
    private var files: [UInt64: OpenFile] = [:]
    var openFiles: [OpenFile] { files.keys.sorted().compactMap { files[$0] } }
    /// Who is told how far a file of open length has been read.
    var openListener: (OpenFile) -> Void = { _ in }

    private let isResumed: Bool
    /// Nothing was known of its manifest.
    let isNew: Bool

    var totals: ManifestTotals { draft.totals }
    var isWalking: Bool { !draft.isComplete }

    /// Goes on where the journal says that an earlier process was. `tree`: everything to be sent, in the walk's order.
    init(_ node: SimulatedNode, _ transfer: TransferID, tree: () -> [SourceEntry]) throws {
        self.node = node
        self.transfer = transfer
        source = SimulatedSource(node.disk)
        if try node.journal.transfer(transfer) == nil {
            try node.journal.create(
                TransferRecord(id: transfer, direction: .send, roots: [[0x2f]], created: 0, updated: 0))
        }
        guard let record = try node.journal.transfer(transfer) else { throw ProcessKilled() }
        draft = ManifestDraft(totals: record.totals, isComplete: record.isManifestComplete)
        let last = try node.journal.sourceEntries(of: transfer, from: max(1, record.totals.entries) - 1, limit: 1).last
        ahead = tree().filter { entry in
            last.map { ManifestComparison.precedes($0.manifest.path, entry.manifest.path) } ?? true
        }
        isNew = record.totals.entries == 0
        isResumed = !isNew && !record.state.isSettled
    }

    /// A transfer that goes on: before anything is offered its manifest becomes what the sources are now.
    func resume(_ tree: () -> [SourceEntry], using random: inout Seeded) async throws {
        guard isResumed else { return }
        while isWalking { try walk(using: &random) }
        var now = tree()
        var rest = now[...]
        let reading = Set(source.files.map(\.source.number))
        let comparison = try await SourceComparison(
            journal: node.journal, transfer: transfer, reading: reading
        ).run {
            defer { rest = rest.dropFirst(3) }
            return Array(rest.prefix(3))
        }
        for piece in comparison.amendments(inPiecesOf: 2) { try amend(piece) }
        now.removeAll { $0.manifest.kind != .file && $0.manifest.kind != .omission }
        compared = Dictionary(uniqueKeysWithValues: now.map { ($0.manifest.path, $0) })
    }

    /// The walk finds a few more entries, as they are now.
    func walk(using random: inout Seeded) throws {
        let count = min(ahead.count, Int.random(in: 1...40, using: &random))
        let found = ahead.prefix(count).compactMap { entry in
            [.folder, .link].contains(entry.manifest.kind) ? entry : node.disk.entry(entry.manifest.path)
        }
        try write { draft throws(TransferError) in try draft.walked(found, isLast: count == ahead.count) }
        ahead.removeFirst(count)
    }

    func amend(_ entries: [SourceEntry]) throws {
        try write { draft throws(TransferError) in try draft.amended(entries) }
    }

    /// A file of open length is read one chunk further, or found to end.
    func readOn() throws {
        guard let file = source.readOn() else { return }
        guard !file.source.manifest.isOpen else { return grew(file) }
        let source = file.source
        try write { draft throws(TransferError) in try draft.told(source.manifest.size, entry: source.number) }
        grew(file)
    }

    private func grew(_ file: OpenFile) {
        files[file.source.number] = file
        openListener(file)
    }

    private func write(_ change: (inout ManifestDraft) throws(TransferError) -> [ManifestDraft.Write]) throws {
        var next = draft
        for write in try change(&next) {
            switch write {
            case .append(let entries):
                try node.journal.append(entries, to: transfer)
                for file in entries.filter(\.manifest.isOpen).map(source.begin) { grew(file) }
            case .length(let size, let entry): try node.journal.setLength(size, ofEntry: entry, of: transfer)
            case .complete: try node.journal.setManifest(complete: true, of: transfer)
            }
        }
        draft = next
        listener(draft.totals, draft.isComplete)
    }
}
