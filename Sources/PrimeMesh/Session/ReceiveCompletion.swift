import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire

/// Answers `complete`: links, then folders deepest first, then the root, then the signed receipt.
struct ReceiveCompletion: Sendable {
    let context: ReceiveContext
    let record: TransferRecord
    let sink: FileSink

    private static let batch = 1_024

    func run() async throws -> ReceiveEvent {
        if let kept = try await context.journal.receipt(of: record.id) { return try await answer(kept) }
        try await makeLinks()
        try await finishFolders()
        let skipped = try await skippedEntries()
        let computed = try await RootComputation(journal: context.journal, record: record, skipped: skipped).result()
        guard computed.missing.isEmpty else {
            throw MeshError(.integrity, "digests are missing from the journal: run both commands again")
        }
        let isDurable = try await isDurable()
        let receipt = Receipt(
            sender: context.peer.nodeID, receiver: context.node.identity.nodeID, transfer: record.id,
            root: computed.root,
            entries: computed.entries, bytes: computed.bytes, chunks: computed.chunks, skipped: skipped.count,
            isDurable: isDurable, time: NodeClock.wall)
        let body = receipt.encoded()
        let kept = ReceiptRecord(
            body: body, signature: try context.node.identity.sign(body), publicKey: context.node.identity.publicKeyDER)
        let isWhole = skipped.isEmpty && computed.lost == 0
        try await context.journal.complete(
            record.id, state: isWhole ? .done : .partial, receipt: kept, at: NodeClock.wall)
        return .completed(receipt, skipped: skipped, message: .receipt(body: body, signature: kept.signature))
    }

    /// The same answer as at the first time, for a sender that never got it.
    private func answer(_ kept: ReceiptRecord) async throws -> ReceiveEvent {
        let receipt = try Receipt(reading: kept.body)
        let skipped = try await skippedEntries()
        return .completed(receipt, skipped: skipped, message: .receipt(body: kept.body, signature: kept.signature))
    }

    private func makeLinks() async throws {
        let (sink, options) = (sink, context.options)
        try await eachBatch { entries in
            let links = entries.filter { $0.manifest.kind == .link && $0.state == .open }
            guard !links.isEmpty else { return }
            var group = CommitGroup()
            group.ended = try await context.blocking {
                try links.map { try sink.makeLink($0, rule: options.onConflict, allowOutside: options.allLinks) }
            }
            if options.fsync { try await context.blocking { try sink.syncAll() } }
            try await context.journal.commit(group, to: record.id)
            if options.fsync { try await context.journal.markDurable(group, of: record.id) }
        }
    }

    /// Numbers grow with depth, so that going down them meets the deepest folders first.
    private func finishFolders() async throws {
        let sink = sink
        var last = try await entryCount()
        while last > 0 {
            let entries = try await context.journal.receivedEntries(
                of: record.id, downFrom: last - 1, limit: Self.batch)
            guard let lowest = entries.last else { break }
            let folders = entries.filter { $0.manifest.kind == .folder }
            try await context.blocking {
                for folder in folders { try sink.makeFolder(folder.manifest) }
                for folder in folders { try sink.finishFolder(folder.manifest) }
            }
            last = lowest.number
        }
    }

    private func entryCount() async throws -> UInt64 {
        try await context.journal.transfer(record.id)?.totals.entries ?? 0
    }

    private func skippedEntries() async throws -> NumberSet {
        var skipped = NumberSet()
        try await eachBatch { entries in
            for entry in entries where entry.state == .skipped { skipped.insert(entry.number) }
        }
        return skipped
    }

    private func isDurable() async throws -> Bool {
        let chunks = try await context.journal.unsyncedChunks(of: record.id, from: 0, limit: 1)
        let entries = try await context.journal.unsyncedEntries(of: record.id, from: 0, limit: 1)
        return chunks.isEmpty && entries.isEmpty
    }

    private func eachBatch(_ body: ([ReceivedEntry]) async throws -> Void) async throws {
        var next: UInt64 = 0
        while true {
            let entries = try await context.journal.receivedEntries(of: record.id, from: next, limit: Self.batch)
            guard let last = entries.last else { return }
            try await body(entries)
            next = last.number + 1
        }
    }
}
