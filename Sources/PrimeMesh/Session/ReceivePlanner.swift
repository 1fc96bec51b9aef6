import MeshDisk
import MeshJournal
import MeshTransfer
import MeshWire

import struct Crypto.SHA256

/// Answers `plan`: what of these entries is there already, and can it be trusted?
struct ReceivePlanner: Sendable {
    let context: ReceiveContext
    let record: TransferRecord
    let sink: FileSink
    let isLocal: Bool

    private static let rowBatch = 8_192

    func plan(from first: UInt64, limit: Int) async throws -> ReceiveEvent {
        let entries = try await context.journal.receivedEntries(of: record.id, from: first, limit: limit)
        var planned: [PlannedEntry] = []
        var skipped: [EndedEntry] = []
        for entry in entries {
            guard entry.manifest.kind == .file, isUnderWay(entry) else {
                planned.append(PlannedEntry(entry: entry, missing: NumberSet()))
                continue
            }
            if entry.part == nil, try await isLeftOut(entry) {
                skipped.append(EndedEntry(number: entry.number, state: .skipped))
            } else {
                planned.append(try await plan(entry))
            }
        }
        if !skipped.isEmpty {
            var group = CommitGroup()
            group.ended = skipped
            try await context.journal.commit(group, to: record.id)
        }
        return .planned(planned, next: first + UInt64(entries.count))
    }

    private func isUnderWay(_ entry: ReceivedEntry) -> Bool {
        switch entry.state {
        case .open, .sealed, .finishing: true
        case .finished, .skipped, .withdrawn: false
        }
    }

    /// The conflict rule already says no: nothing need be sent.
    private func isLeftOut(_ entry: ReceivedEntry) async throws -> Bool {
        let rule = context.options.onConflict
        guard rule == .skip || rule == .newer else { return false }
        let sink = sink
        let existing = try await context.blocking { try sink.existing(entry.manifest) }
        guard let existing else { return false }
        let ours = (entry.manifest.seconds, entry.manifest.nanoseconds)
        return rule == .skip || ours <= (existing.seconds, existing.nanoseconds)
    }

    private func plan(_ entry: ReceivedEntry) async throws -> PlannedEntry {
        let plan = FilePlan(entry: entry.number, manifest: entry.manifest)
        guard entry.part != nil else { return PlannedEntry(entry: entry, missing: NumberSet(plan.chunks)) }
        let rows = try await rows(of: plan.chunks)
        let bound = rows.last.map { plan.extent(of: $0.number) }.map { $0.offset + UInt64($0.length) } ?? 0
        let sink = sink
        let observed = try await context.blocking { try sink.inspectPart(entry) }
        let trust = PartTrust.judge(
            recorded: entry.part, observed: observed, bound: bound,
            isThisBoot: rows.allSatisfy { $0.isThisBoot || $0.isSynced },
            isLocal: isLocal)
        switch trust {
        case .trusted: return PlannedEntry(entry: entry, missing: missing(plan, rows))
        case .rehashUnsynced:
            let bad = try await damaged(entry, plan, rows.filter { !$0.isSynced })
            if !bad.isEmpty { try await context.journal.forget(chunks: bad, of: record.id) }
            return PlannedEntry(entry: entry, missing: missing(plan, rows).union(bad))
        case .gone:
            if !rows.isEmpty { try await context.journal.forget(chunks: NumberSet(plan.chunks), of: record.id) }
            try await context.journal.reopen(entry: entry.number, of: record.id)
            var fresh = entry
            fresh.part = nil
            fresh.state = .open
            return PlannedEntry(entry: fresh, missing: NumberSet(plan.chunks))
        }
    }

    private func rows(of chunks: Range<UInt64>) async throws -> [ChunkRecord] {
        var rows: [ChunkRecord] = []
        var next = chunks.lowerBound
        while next < chunks.upperBound {
            let batch = try await context.journal.chunks(
                of: record.id, in: next..<chunks.upperBound, limit: Self.rowBatch)
            guard let last = batch.last else { break }
            rows += batch
            next = last.number + 1
        }
        return rows
    }

    private func missing(_ plan: FilePlan, _ rows: [ChunkRecord]) -> NumberSet {
        NumberSet(plan.chunks).subtracting(NumberSet(rows.map { $0.number..<$0.number + 1 }))
    }

    /// Reads back what may not have reached the disk, and compares.
    private func damaged(_ entry: ReceivedEntry, _ plan: FilePlan, _ rows: [ChunkRecord]) async throws -> NumberSet {
        let sink = sink
        return try await context.blocking {
            var bad = NumberSet()
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.chunk, alignment: 4_096)
            defer { buffer.deallocate() }
            for row in rows {
                let (offset, length) = plan.extent(of: row.number)
                let region = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(length))
                var hasher = SHA256()
                let isRead = (try? sink.readBack(entry, offset: offset, into: region)) != nil
                hasher.update(bufferPointer: UnsafeRawBufferPointer(region))
                if !isRead || Bytes32(hasher.finalize()) != row.digest { bad.insert(row.number) }
            }
            return bad
        }
    }
}
