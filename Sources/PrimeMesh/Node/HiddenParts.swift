import MeshDisk
import MeshJournal
import MeshTransfer
import MeshWire

/// The hidden files of unfinished entries, which belong to a transfer and go with it.
struct HiddenParts: Sendable {
    let node: NodeContext

    /// Removes those of one transfer, which nobody works on. A destination that is not there (a stick that was taken out)
    /// is passed over.
    func remove(of record: TransferRecord) async throws {
        guard record.direction == .receive, let destination = record.roots.first else { return }
        guard try await node.blocking({ SystemPath.resolved(destination) }) != nil else { return }
        let sink = try await node.blocking { try FileSink(destination: destination, transfer: record.id) }
        var next: UInt64 = 0
        while case let entries = try await node.journal.receivedEntries(of: record.id, from: next, limit: 1_024),
            let last = entries.last
        {
            let unfinished = entries.filter { $0.part != nil && $0.state.isUnfinished }
            try await node.blocking { for entry in unfinished { try sink.removePart(entry) } }
            next = last.number + 1
        }
    }
}

extension EntryState {
    /// What there is of the file may still have its hidden name.
    fileprivate var isUnfinished: Bool {
        switch self {
        case .open, .sealed, .finishing: true
        case .finished, .skipped, .withdrawn: false
        }
    }
}
