package import MeshWire

/// Carries out what `SendSession` says over journal and disk, without a rule of its own.
package struct SendWork: Sendable {
    package let transfer: TransferID
    package let journal: any TransferJournal
    package let source: any ChunkSource
    package let pool: any BlockingPool
    /// Entries of one page at most.
    let pageLimit: Int

    package init(
        transfer: TransferID, journal: any TransferJournal, source: any ChunkSource, pool: any BlockingPool,
        pageLimit: Int = ManifestPage.entryLimit
    ) {
        self.transfer = transfer
        self.journal = journal
        self.source = source
        self.pool = pool
        self.pageLimit = pageLimit
    }

    /// Files looked up at a time.
    private static let fileBatch = 512

    package func load(holding chunk: UInt64) async throws -> SendEvent {
        .loaded(
            try await journal.sourceFiles(of: transfer, holding: chunk, limit: Self.fileBatch), holding: chunk)
    }

    /// The page that begins with entry `first`. What the receiver is told of the manifest is lasting here: a sender that
    /// forgot entries in a power loss would number others like them.
    package func page(from first: UInt64) async throws -> SendEvent {
        let entries = try await journal.sourceEntries(of: transfer, from: first, limit: pageLimit)
        if let last = entries.last { try await journal.flushManifest(of: transfer, through: last.number + 1) }
        let page = try await pool.blocking { ManifestPage.encode(entries.map(\.manifest), first: first) }
        guard let page else { throw TransferError.noMemory }
        return .page(page.message, end: first + UInt64(page.count))
    }

    /// Keeps digests; what is held of these chunks can go then.
    package func record(_ records: [ChunkRecord]) async throws -> SendEvent {
        try await journal.acknowledge(records, of: transfer)
        source.kept(NumberSet(numbers: records.lazy.map(\.number)))
        return .recorded
    }

    /// Chunks of files of open length that the receiver has by an earlier link: their digests are still to be kept.
    package func keep(_ there: [(entry: SourceEntry, chunks: NumberSet)]) async throws -> SendEvent {
        let source = source
        for (file, chunks) in there {
            let held = source.held(file).intersection(chunks)
            let records = try await pool.blocking {
                try held.ranges.flatMap { try SourceDigests.of(file, $0, source: source) }
            }
            if !records.isEmpty { _ = try await record(records) }
        }
        return .kept
    }

    /// Whether these files are still what the walk saw. What an earlier session took back must not be taken back, and
    /// added, once more.
    package func checkSeals(_ numbers: NumberSet) async throws -> SendEvent {
        let withdrawn = try await journal.withdrawnEntries(of: transfer)
        var entries: [SourceEntry] = []
        for range in numbers.subtracting(withdrawn).ranges {
            var next = range.lowerBound
            while next < range.upperBound {
                let limit = Int(min(range.upperBound - next, 1_024))
                let found = try await journal.sourceEntries(of: transfer, from: next, limit: limit)
                guard let last = found.last else { break }
                entries += found.filter { $0.manifest.kind == .file }
                next = last.number + 1
            }
        }
        let (files, source) = (entries, source)
        return try await pool.blocking {
            var unchanged: [SourceEntry] = []
            var changed: [SourceEntry] = []
            for file in files where !file.manifest.isOpen {
                // Nothing is left of one of open length, and its end was told.
                if file.manifest.room > 0 {
                    unchanged.append(file)
                    continue
                }
                // A file that cannot be looked at any more counts as changed.
                if (try? source.isUnchanged(file)) == true { unchanged.append(file) } else { changed.append(file) }
            }
            return .sealsChecked(unchanged: unchanged, changed: changed)
        }
    }

    /// The entries that take these files back, and where `again` add them anew, or the word that they can be read no more.
    /// `lost`: those taken back for good, since they may not be tried again or are gone.
    package func withdrawal(
        of entries: [SourceEntry], again: Bool
    ) async throws -> (amended: [SourceEntry], lost: [SourceEntry]) {
        // A receipt may have been proven while this waited: what was signed must stay what the manifest says.
        guard try await journal.transfer(transfer)?.state.isSettled == false else { return ([], []) }
        let source = source
        return try await pool.blocking {
            var (amended, lost): ([SourceEntry], [SourceEntry]) = ([], [])
            for entry in entries {
                source.release(entry)
                let now = again ? Self.next(entry, source) : nil
                amended += entry.replaced(by: now)
                if now == nil { lost.append(entry) }
            }
            return (amended, lost)
        }
    }
    /// What takes the place of an entry; nil where its file is gone.
    private static func next(_ entry: SourceEntry, _ source: any ChunkSource) -> SourceEntry? {
        do throws(DiskError) { return try source.restat(entry) } catch { return omission(of: entry, error) }
    }

    /// The word that an entry can be read no more.
    package static func omission(of entry: SourceEntry, _ error: DiskError) -> SourceEntry {
        var omitted = entry
        var reason = SkipReason.unreadable
        if case .denied = error { reason = .sourceDenied }
        omitted.manifest = ManifestEntry(omitting: entry.manifest.path, reason)
        return omitted
    }
}
