import MeshWire

/// Answers `plan`: what of these entries is there already, and can it be trusted?
struct ReceivePlanner: Sendable {
    let ports: ReceivePorts

    func plan(from first: UInt64, limit: Int) async throws -> ReceiveEvent {
        let entries = try await ports.journal.receivedEntries(of: ports.transfer, from: first, limit: limit)
        let sink = ports.sink
        try await removeTakenBack(among: entries)
        let looked = ports.isSettled ? [] : entries
        let refused = try await FolderPlanning(ports: ports).plan(looked)
        let removed = try await ports.pool.blocking { try FinishedFiles.removed(among: looked, sink: sink) }
        var reader = ChunkRowReader(ports: ports, end: Self.chunksEnd(of: entries))
        var planned: [PlannedEntry] = []
        var skipped: [EndedEntry] = []
        for entry in entries {
            let reason = try await reasonToLeaveOut(entry, refused)
            if let reason {
                skipped.append(EndedEntry(skipped: entry.number, reason))
                planned.append(PlannedEntry(leftOut: entry, reason))
            } else if removed.contains(entry.number) {
                planned.append(try await planRemoved(entry))
            } else {
                planned.append(try await plan(entry, &reader))
            }
        }
        if !skipped.isEmpty {
            var group = CommitGroup()
            group.ended = skipped
            try await ports.journal.commit(group, to: ports.transfer)
        }
        return .planned(planned, next: first + UInt64(entries.count))
    }

    /// A crash may have come between the word of a withdrawal and its removal: no rule must find what was taken back in its
    /// successor's way. What cannot be removed is litter, not a failure.
    private func removeTakenBack(among entries: [ReceivedEntry]) async throws {
        let sink = ports.sink
        let takenBack = entries.filter { $0.state == .withdrawn && $0.part != nil }
        guard !takenBack.isEmpty else { return }
        try await ports.pool.blocking { for entry in takenBack { try? sink.discard(entry) } }
    }

    private static func chunksEnd(of entries: [ReceivedEntry]) -> UInt64 {
        let last = entries.last { $0.manifest.kind == .file }
        return last.map { FilePlan(entry: $0.number, manifest: $0.manifest).chunks.upperBound } ?? 0
    }

    private func plan(_ entry: ReceivedEntry, _ reader: inout ChunkRowReader) async throws -> PlannedEntry {
        let nothing = PlannedEntry(entry: entry, missing: NumberSet())
        guard entry.manifest.kind == .file else { return nothing }
        switch entry.state {
        case .open, .sealed, .finishing: return try await planPart(entry, &reader)
        case .finished: return entry.isDurable ? nothing : try await planFinished(entry, &reader)
        case .skipped, .withdrawn: return nothing
        }
    }

    /// Nothing need be sent: its folder cannot be made, or the conflict rule says no already.
    private func reasonToLeaveOut(
        _ entry: ReceivedEntry, _ refused: [UInt64: SkipReason]
    ) async throws -> SkipReason? {
        if let reason = refused[entry.number] { return reason }
        let rule = ports.rules.onConflict
        guard entry.manifest.kind == .file, entry.state.isUnderWay, entry.part == nil, rule == .skip || rule == .newer
        else { return nil }
        let sink = ports.sink
        do {
            let there = try await ports.pool.blocking { try sink.existing(entry.manifest) }
            return there.flatMap { rule.reasonToKeep($0, over: entry.manifest) }
        } catch DiskError.unfit(_, let reason) {
            return reason
        }
    }

    /// A file under way: its part against its rows.
    private func planPart(_ entry: ReceivedEntry, _ reader: inout ChunkRowReader) async throws -> PlannedEntry {
        let plan = FilePlan(entry: entry.number, manifest: entry.manifest)
        guard entry.part != nil else { return PlannedEntry(entry: entry, missing: NumberSet(plan.chunks)) }
        let rows = try await reader.rows(of: plan.chunks)
        let observed = try await observe(entry)
        switch PartTrust.judge(
            recorded: entry.part, observed: observed, bound: bound(plan, rows, isOpen: entry.manifest.isOpen),
            isThisBoot: rows.allSatisfy { $0.isThisBoot || $0.isSynced }, isLocal: ports.isLocal,
            keepsInodes: ports.keepsInodes)
        {
        case .trusted: return PlannedEntry(entry: entry, missing: missing(plan, rows))
        case .rehashUnsynced:
            return try await hashAgain(entry, entry.part, plan, rows, doubtful: rows.filter { !$0.isSynced })
        case .rehash: return try await hashAgain(entry, observed?.identity, plan, rows, doubtful: rows)
        case .gone: return try await beginAgain(entry, plan, hasRows: !rows.isEmpty)
        }
    }

    /// What does not verify is wanted again. `part`: the entry's own, or what may be it under another number, which counts as
    /// it only once all was hashed: a crash before that begins here again, and what proves to be a stranger's stays.
    private func hashAgain(
        _ entry: ReceivedEntry, _ part: PartIdentity?, _ plan: FilePlan, _ rows: [ChunkRecord],
        doubtful: [ChunkRecord]
    ) async throws -> PlannedEntry {
        var found = entry
        found.part = part
        let bad = try await damaged(found, plan, doubtful)
        // It may stand under its final name by now, where nothing may be written to.
        if entry.state == .finishing, !bad.isEmpty { return try await beginAgain(entry, plan, hasRows: true) }
        if !bad.isEmpty { try await ports.journal.forget(chunks: bad, of: ports.transfer) }
        if let part, part != entry.part {
            var group = CommitGroup()
            group.parts = [entry.number: part]
            try await ports.journal.commit(group, to: ports.transfer)
        }
        return PlannedEntry(entry: found, missing: missing(plan, rows).union(bad))
    }

    /// A file under its final name that had not reached the disk when the machine went down: a file system may have kept
    /// the rename and lost the data. What does not verify is removed and received again.
    private func planFinished(
        _ entry: ReceivedEntry, _ reader: inout ChunkRowReader
    ) async throws -> PlannedEntry {
        let plan = FilePlan(entry: entry.number, manifest: entry.manifest)
        let rows = try await reader.rows(of: plan.chunks)
        let nothing = PlannedEntry(entry: entry, missing: NumberSet())
        // Synced rows alone tell nothing of the name, which came later.
        if ports.isLocal, !rows.isEmpty, rows.allSatisfy(\.isThisBoot) { return nothing }
        // Whichever object has the name: on a disk that is mounted anew it may bear another number.
        var named = entry
        named.part = nil
        if let there = try await observe(named), there.size == entry.manifest.size {
            let doubtful = there.identity == entry.part ? rows.filter { !$0.isSynced } : rows
            if try await damaged(named, plan, doubtful).isEmpty { return nothing }
        }
        return try await beginAgain(entry, plan, hasRows: !rows.isEmpty)
    }

    /// It had its name and has it no more: another program removed it, or put another folder in the place of its own. A
    /// link is made again at the end.
    private func planRemoved(_ entry: ReceivedEntry) async throws -> PlannedEntry {
        guard entry.manifest.kind == .file else {
            try await ports.journal.reopen(entry: entry.number, of: ports.transfer)
            return PlannedEntry(entry: entry, missing: NumberSet())
        }
        let plan = FilePlan(entry: entry.number, manifest: entry.manifest)
        return try await beginAgain(entry, plan, hasRows: !plan.chunks.isEmpty)
    }

    /// Nothing of the entry counts any more. The object that was its part may stand under the final name although the
    /// journal, which lost its latest rows with the power, does not know: it is removed, or the file would come twice.
    private func beginAgain(_ entry: ReceivedEntry, _ plan: FilePlan, hasRows: Bool) async throws -> PlannedEntry {
        let sink = ports.sink
        // What cannot be reached any more is not in the way either.
        do { try await ports.pool.blocking { try sink.discard(entry) } } catch DiskError.unfit {}
        if hasRows { try await ports.journal.forget(chunks: NumberSet(plan.chunks), of: ports.transfer) }
        try await ports.journal.reopen(entry: entry.number, of: ports.transfer)
        var fresh = entry
        fresh.part = nil
        fresh.state = .open
        fresh.finalName = nil
        return PlannedEntry(entry: fresh, missing: NumberSet(plan.chunks))
    }

    private func observe(_ entry: ReceivedEntry) async throws -> (identity: PartIdentity, size: UInt64)? {
        let sink = ports.sink
        do { return try await ports.pool.blocking { try sink.inspectPart(entry) } } catch DiskError.unfit { return nil }
    }

    /// Bytes that the rows claim to be there.
    private func bound(_ plan: FilePlan, _ rows: [ChunkRecord], isOpen: Bool) -> UInt64 {
        // The last chunk of a file of open length is as long as it is.
        guard !isOpen else { return rows.last.map { plan.extent(of: $0.number).offset + 1 } ?? 0 }
        return rows.last.map { plan.extent(of: $0.number) }.map { $0.offset + UInt64($0.length) } ?? 0
    }

    private func missing(_ plan: FilePlan, _ rows: [ChunkRecord]) -> NumberSet {
        NumberSet(plan.chunks).subtracting(NumberSet(numbers: rows.lazy.map(\.number)))
    }

    /// Reads back what may not have reached the disk, and compares.
    private func damaged(_ entry: ReceivedEntry, _ plan: FilePlan, _ rows: [ChunkRecord]) async throws -> NumberSet {
        guard !rows.isEmpty else { return NumberSet() }
        let sink = ports.sink
        return try await ports.pool.blocking {
            var bad = NumberSet()
            var reader = PieceReader()
            for row in rows {
                let (offset, length) = plan.extent(of: row.number)
                let digest = try? reader.digest(length: length) { region throws(DiskError) in
                    try sink.readBack(entry, offset: offset, into: region)
                }
                if digest != row.digest { bad.insert(row.number) }
            }
            return bad
        }
    }
}
