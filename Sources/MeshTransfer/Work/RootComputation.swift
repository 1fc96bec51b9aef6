import MeshWire

/// Computes a transfer's root from the journal, by cursor.
struct RootComputation: Sendable {
    private static let batch = 4_096

    let journal: any TransferJournal
    let transfer: TransferID
    let direction: TransferDirection
    /// Entries whose chunks are left out besides withdrawn ones: those the receiver skipped.
    let skipped: NumberSet

    struct Result: Sendable {
        var root: Digest
        var chunks: UInt64
        var entries: UInt64
        /// Plain bytes of the files that are there.
        var bytes: UInt64
        /// Entries whose paths were taken back and not added anew, though the source has them: of each path the latest.
        var lost: NumberSet
        /// What the sender could not offer.
        var omitted: NumberSet
        /// Chunks without a digest; where there are any, `root` means nothing.
        var missing: NumberSet
    }

    func result() async throws -> Result {
        var root = TransferRoot()
        let withdrawn = try await journal.withdrawnEntries(of: transfer)
        let excluded = withdrawn.union(skipped)
        var totals = ManifestTotals()
        var due = NumberSet()
        var bytes: UInt64 = 0
        // By path, the latest entry of those that were ever taken back, nil where it is there.
        var latest: [[UInt8]: UInt64?] = [:]
        var gone = Set<UInt64>()
        var endless = NumberSet()
        var omitted: [Range<UInt64>] = []
        while true {
            let entries = try await entries(from: totals.entries)
            guard !entries.isEmpty else { break }
            let first = totals.entries
            root.add(entries.enumerated().map { $1.counted(!excluded.contains(first + UInt64($0))) })
            for entry in entries {
                let number = totals.entries
                guard totals.add(entry) else { throw TransferError.manifestContradicts }
                let isWithdrawn = withdrawn.contains(number)
                if isWithdrawn || !latest.isEmpty && latest[entry.path] != nil {
                    latest[entry.path] = .some(isWithdrawn ? number : nil)
                }
                if entry.isOfGone { gone.insert(entry.size) }
                if entry.kind == .omission, !isWithdrawn { omitted.append(number..<number + 1) }
                guard entry.kind == .file, !excluded.contains(number) else { continue }
                bytes += entry.size
                // Its end was told to the receiver, and lost here with a crash.
                if entry.isOpen { endless.insert(entry.firstChunk) }
                let chunks = FilePlan(entry: number, manifest: entry).chunks
                if !chunks.isEmpty, !entry.isOpen { due.insert(contentsOf: chunks) }
            }
        }
        let missing = try await addChunks(due, to: &root).union(endless)
        return Result(
            root: root.value, chunks: root.chunks, entries: totals.entries, bytes: bytes,
            lost: NumberSet(numbers: latest.values.compactMap(\.self).filter { !gone.contains($0) }.sorted()),
            omitted: NumberSet(omitted), missing: missing)
    }

    private func entries(from first: UInt64) async throws -> [ManifestEntry] {
        switch direction {
        case .send: try await journal.sourceEntries(of: transfer, from: first, limit: Self.batch).map(\.manifest)
        case .receive: try await journal.receivedEntries(of: transfer, from: first, limit: Self.batch).map(\.manifest)
        }
    }

    /// Adds the digests of `due` in order; answers those the journal does not have.
    private func addChunks(_ due: NumberSet, to root: inout TransferRoot) async throws -> NumberSet {
        var missing = due
        for range in due.ranges {
            var next = range.lowerBound
            while next < range.upperBound {
                let rows = try await journal.chunks(of: transfer, in: next..<range.upperBound, limit: Self.batch)
                guard let last = rows.last else { break }
                for row in rows { root.add(chunk: row.digest) }
                missing.subtract(NumberSet(numbers: rows.lazy.map(\.number)))
                next = last.number + 1
            }
        }
        return missing
    }
}

extension ManifestEntry {
    /// As it counts in the root: of a file of open length that is not there, one side may know the end and the other not.
    fileprivate func counted(_ isThere: Bool) -> ManifestEntry {
        guard room > 0, !isThere else { return self }
        var entry = self
        entry.size = 0
        entry.isOpen = true
        return entry
    }
}
