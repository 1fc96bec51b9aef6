package import MeshTransfer
package import MeshWire

// Manifest and chunks.
extension SimulatedJournal {
    package func append(_ entries: [SourceEntry], to id: TransferID) throws {
        try change(id) { transfer in
            for entry in entries {
                guard entry.number == transfer.record.totals.entries else { throw Refused("entry \(entry.number)") }
                try transfer.count(entry.manifest)
                transfer.sources.append(entry)
            }
        }
    }

    package func setLength(_ size: UInt64, ofEntry number: UInt64, of id: TransferID) throws {
        try change(id) { transfer in
            guard number < UInt64(transfer.sources.count), transfer.sources[Int(number)].manifest.tell(size) else {
                throw Refused("length of entry \(number)")
            }
            guard transfer.record.totals.tell(size) else { throw Refused("sum of lengths") }
        }
    }

    package func append(_ entries: [ManifestEntry], to id: TransferID) throws {
        try change(id) { transfer in
            for entry in entries {
                let reason = entry.omissionReason
                transfer.entries.append(
                    ReceivedEntry(
                        number: transfer.record.totals.entries, manifest: entry,
                        state: reason == nil ? .open : .skipped, reason: reason))
                try transfer.count(entry)
                if entry.kind == .withdrawal { transfer.entries[Int(entry.size)].state = .withdrawn }
            }
        }
    }

    package func setManifest(complete: Bool, of id: TransferID) throws {
        try change(id) { $0.record.isManifestComplete = complete }
    }

    package func sourceEntries(of id: TransferID, from first: UInt64, limit: Int) throws -> [SourceEntry] {
        try read(id) { Array($0.sources.dropFirst(Int(clamping: first)).prefix(limit)) }
    }

    package func sourceFiles(of id: TransferID, holding chunk: UInt64, limit: Int) throws -> [SourceEntry] {
        try read(id) { transfer in
            let files = transfer.sources.lazy.filter { entry in
                entry.manifest.kind == .file && !transfer.withdrawn.contains(entry.number)
                    && FilePlan(entry: entry.number, manifest: entry.manifest).numbers.upperBound > chunk
                    && ChunkPlan.numbers(of: entry.manifest) > 0
            }
            return Array(files.prefix(limit))
        }
    }

    package func receivedEntries(of id: TransferID, from first: UInt64, limit: Int) throws -> [ReceivedEntry] {
        try read(id) { Array($0.entries.dropFirst(Int(clamping: first)).prefix(limit)) }
    }

    package func receivedFolders(of id: TransferID, downFrom last: UInt64, limit: Int) throws -> [ReceivedEntry] {
        try read(id) {
            let entries = $0.entries.prefix(Int(clamping: last &+ 1 == 0 ? last : last + 1))
            return Array(entries.reversed().lazy.filter { $0.manifest.kind == .folder }.prefix(limit))
        }
    }

    package func withdrawnOrigin(at path: [UInt8], of id: TransferID) throws -> FolderOrigin? {
        try read(id) { transfer in
            transfer.entries.last { $0.manifest.path == path && $0.state == .withdrawn && $0.origin != nil }?.origin
        }
    }

    package func withdrawnEntries(of id: TransferID) throws -> NumberSet { try read(id) { $0.withdrawn } }

    // MARK: chunks

    package func commit(_ group: CommitGroup, to id: TransferID) throws {
        let boot = boot
        try change(id) { transfer in
            for chunk in group.chunks { try transfer.keep(chunk, boot: boot) }
            for (number, part) in group.parts { try transfer.change(number) { $0.part = part } }
            for (number, origin) in group.origins { try transfer.change(number) { $0.origin = origin } }
            for number in group.sealed { try transfer.change(number) { $0.reach(.sealed) } }
            for (number, size) in group.lengths {
                var isTold = false
                try transfer.change(number) { isTold = $0.manifest.tell(size) }
                guard isTold, transfer.record.totals.tell(size) else { throw Refused("length of entry \(number)") }
            }
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
                    $0.reason = ended.reason ?? $0.reason
                }
            }
            transfer.retries += group.retries
        }
    }

    package func acknowledge(_ chunks: [ChunkRecord], of id: TransferID) throws {
        let boot = boot
        try change(id) { transfer in
            for chunk in chunks { try transfer.keep(chunk, boot: boot) }
        }
    }

    package func chunks(of id: TransferID, in range: Range<UInt64>, limit: Int) throws -> [ChunkRecord] {
        let boot = boot
        return try read(id) { transfer in
            let numbers = transfer.chunks.keys.filter(range.contains).sorted().prefix(limit)
            return numbers.compactMap { number in
                transfer.chunks[number].map {
                    ChunkRecord(
                        number: number, digest: $0.digest, isThisBoot: $0.boot == boot, isSynced: $0.isSynced)
                }
            }
        }
    }

    package func forget(chunks: NumberSet, of id: TransferID) throws {
        try change(id) { transfer in transfer.chunks = transfer.chunks.filter { !chunks.contains($0.key) } }
    }

    package func markDurable(chunks: NumberSet, entries: [UInt64], of id: TransferID) throws {
        try change(id) { transfer in
            for number in transfer.chunks.keys where chunks.contains(number) {
                transfer.chunks[number]?.isSynced = true
            }
            for number in entries {
                try transfer.change(number) { if $0.state == .finished { $0.isDurable = true } }
            }
        }
    }

    package func isDurable(_ id: TransferID) throws -> Bool {
        try read(id) { transfer in
            transfer.chunks.values.allSatisfy(\.isSynced)
                && transfer.entries.allSatisfy { $0.state != .finished || $0.isDurable }
        }
    }

    package func reopen(entry number: UInt64, of id: TransferID) throws {
        try change(id) { transfer in
            try transfer.change(number) {
                $0.state = .open
                $0.part = nil
                $0.finalName = nil
                $0.reason = nil
                $0.isDurable = false
            }
        }
    }
}

extension SimulatedJournal.Transfer {
    fileprivate mutating func count(_ entry: ManifestEntry) throws {
        guard record.totals.add(entry) else { throw SimulatedJournal.Refused("an entry that does not continue") }
        if entry.kind == .withdrawal { withdrawn.insert(entry.size) }
    }

    fileprivate mutating func keep(_ chunk: ChunkRecord, boot: UInt64) throws {
        guard chunk.number < record.totals.chunks else { throw SimulatedJournal.Refused("chunk \(chunk.number)") }
        chunks[chunk.number] = SimulatedJournal.Row(
            digest: chunk.digest, boot: chunk.isThisBoot ? boot : 0, isSynced: chunk.isSynced)
    }

    fileprivate mutating func change(_ number: UInt64, _ body: (inout ReceivedEntry) -> Void) throws {
        guard number < UInt64(entries.count) else { throw SimulatedJournal.Refused("entry \(number)") }
        body(&entries[Int(number)])
    }
}

extension ReceivedEntry {
    /// Entries never go back but by `reopen`.
    fileprivate mutating func reach(_ step: EntryState) {
        if step.rawValue > state.rawValue { state = step }
    }
}
