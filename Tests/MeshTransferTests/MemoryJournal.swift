import MeshTransfer
import MeshWire
import Synchronization

/// A transfer journal in memory, for tests in one thread: every call is one transaction and returns at once.
final class MemoryJournal: TransferJournal {
    /// Why a call was refused; nothing of it was kept.
    struct Refused: Error {
        var what: String

        init(_ what: String) { self.what = what }
    }

    fileprivate struct Transfer: Sendable {
        var record: TransferRecord
        var sources: [SourceEntry] = []
        var entries: [ReceivedEntry] = []
        var withdrawn = NumberSet()
        var chunks: [UInt64: ChunkRecord] = [:]
        var retries: [RetryRecord] = []
        var receipt: ReceiptRecord?
    }

    private let transfers = Mutex<[TransferID: Transfer]>([:])

    /// A transaction: a copy is changed, and kept only where nothing was refused.
    private func change<R: Sendable>(_ id: TransferID, _ body: (inout Transfer) throws -> R) throws -> R {
        try transfers.withLock { all in
            guard var transfer = all[id] else { throw Refused("transfer \(id)") }
            let result = try body(&transfer)
            all[id] = transfer
            return result
        }
    }

    private func read<R: Sendable>(_ id: TransferID, _ body: (Transfer) throws -> R) throws -> R {
        try transfers.withLock { all in
            guard let transfer = all[id] else { throw Refused("transfer \(id)") }
            return try body(transfer)
        }
    }

    /// What had to be done again, in its order.
    func retries(of id: TransferID) throws -> [RetryRecord] { try read(id) { $0.retries } }

    // MARK: transfers

    func create(_ record: TransferRecord) throws {
        try transfers.withLock { all in
            guard all[record.id] == nil else { throw Refused("a second transfer \(record.id)") }
            all[record.id] = Transfer(record: record)
        }
    }

    func transfer(_ id: TransferID) -> TransferRecord? { transfers.withLock { $0[id]?.record } }

    func setState(_ state: TransferState, message: String?, of id: TransferID, at time: Int64) throws {
        try change(id) {
            $0.record.state = state
            $0.record.message = message
            $0.record.updated = time
        }
    }

    func setPeer(_ peer: NodeID, of id: TransferID) throws { try change(id) { $0.record.peer = peer } }

    // MARK: manifest

    func append(_ entries: [SourceEntry], to id: TransferID) throws {
        try change(id) { transfer in
            for entry in entries {
                guard entry.number == transfer.record.totals.entries else { throw Refused("entry \(entry.number)") }
                try transfer.count(entry.manifest)
                transfer.sources.append(entry)
            }
        }
    }

    func append(_ entries: [ManifestEntry], to id: TransferID) throws {
        try change(id) { transfer in
            for entry in entries {
                transfer.entries.append(ReceivedEntry(number: transfer.record.totals.entries, manifest: entry))
                try transfer.count(entry)
                if entry.kind == .withdrawal { transfer.entries[Int(entry.size)].state = .withdrawn }
            }
        }
    }

    func setManifest(complete: Bool, of id: TransferID) throws {
        try change(id) { $0.record.isManifestComplete = complete }
    }

    func sourceEntries(of id: TransferID, from first: UInt64, limit: Int) throws -> [SourceEntry] {
        try read(id) { Array($0.sources.dropFirst(Int(clamping: first)).prefix(limit)) }
    }

    func sourceFiles(of id: TransferID, holding chunk: UInt64, limit: Int) throws -> [SourceEntry] {
        try read(id) { transfer in
            let files = transfer.sources.lazy.filter { entry in
                entry.manifest.kind == .file && !transfer.withdrawn.contains(entry.number)
                    && FilePlan(entry: entry.number, manifest: entry.manifest).chunks.upperBound > chunk
                    && entry.manifest.size > 0
            }
            return Array(files.prefix(limit))
        }
    }

    func receivedEntries(of id: TransferID, from first: UInt64, limit: Int) throws -> [ReceivedEntry] {
        try read(id) { Array($0.entries.dropFirst(Int(clamping: first)).prefix(limit)) }
    }

    func receivedEntries(of id: TransferID, downFrom last: UInt64, limit: Int) throws -> [ReceivedEntry] {
        try read(id) { Array($0.entries.filter { $0.number <= last }.reversed().prefix(limit)) }
    }

    func withdrawnEntries(of id: TransferID) throws -> NumberSet { try read(id) { $0.withdrawn } }

    // MARK: chunks

    func commit(_ group: CommitGroup, to id: TransferID) throws {
        try change(id) { transfer in
            for chunk in group.chunks { try transfer.keep(chunk) }
            for (number, part) in group.parts { try transfer.change(number) { $0.part = part } }
            for number in group.sealed { try transfer.change(number) { $0.reach(.sealed) } }
            for (number, part) in group.finishing {
                try transfer.change(number) {
                    $0.part = part
                    $0.reach(.finishing)
                }
            }
            for ended in group.ended {
                try transfer.change(ended.number) {
                    $0.reach(ended.state)
                    $0.finalName = ended.finalName ?? $0.finalName
                }
            }
            transfer.retries += group.retries
        }
    }

    func acknowledge(_ chunks: [ChunkRecord], of id: TransferID) throws {
        try change(id) { transfer in
            for chunk in chunks { try transfer.keep(chunk) }
        }
    }

    func chunks(of id: TransferID, in range: Range<UInt64>, limit: Int) throws -> [ChunkRecord] {
        try read(id) { transfer in
            Array(
                transfer.chunks.values.filter { range.contains($0.number) }.sorted { $0.number < $1.number }.prefix(
                    limit))
        }
    }

    func forget(chunks: NumberSet, of id: TransferID) throws {
        try change(id) { transfer in transfer.chunks = transfer.chunks.filter { !chunks.contains($0.key) } }
    }

    func markDurable(chunks: NumberSet, entries: [UInt64], of id: TransferID) throws {
        try change(id) { transfer in
            for number in transfer.chunks.keys where chunks.contains(number) {
                transfer.chunks[number]?.isSynced = true
            }
            for number in entries { try transfer.change(number) { $0.isDurable = true } }
        }
    }

    func reopen(entry number: UInt64, of id: TransferID) throws {
        try change(id) { transfer in
            try transfer.change(number) {
                $0.state = .open
                $0.part = nil
                $0.finalName = nil
            }
        }
    }

    // MARK: the end

    func complete(_ id: TransferID, state: TransferState, receipt: ReceiptRecord, at time: Int64) throws {
        try change(id) {
            $0.record.state = state
            $0.record.updated = time
            $0.receipt = receipt
        }
    }

    func receipt(of id: TransferID) throws -> ReceiptRecord? { try read(id) { $0.receipt } }
    func record(_ retry: RetryRecord, of id: TransferID) throws { try change(id) { $0.retries.append(retry) } }
}

extension MemoryJournal.Transfer {
    fileprivate mutating func count(_ entry: ManifestEntry) throws {
        guard record.totals.add(entry) else { throw MemoryJournal.Refused("an entry that does not continue") }
        if entry.kind == .withdrawal { withdrawn.insert(entry.size) }
    }

    fileprivate mutating func keep(_ chunk: ChunkRecord) throws {
        guard chunk.number < record.totals.chunks else { throw MemoryJournal.Refused("chunk \(chunk.number)") }
        chunks[chunk.number] = chunk
    }

    fileprivate mutating func change(_ number: UInt64, _ body: (inout ReceivedEntry) -> Void) throws {
        guard number < UInt64(entries.count) else { throw MemoryJournal.Refused("entry \(number)") }
        body(&entries[Int(number)])
    }
}

extension ReceivedEntry {
    /// Entries never go back but by `reopen`.
    fileprivate mutating func reach(_ step: EntryState) {
        if step.rawValue > state.rawValue { state = step }
    }
}
