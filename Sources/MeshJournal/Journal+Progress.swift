import GRDB
package import MeshTransfer
package import MeshWire

/// How far a transfer has come, by the journal's word.
package struct TransferProgress: Hashable, Sendable {
    /// Entries of every kind by state; a sender's are open or withdrawn.
    package var entries: [EntryState: UInt64] = [:]
    /// Chunks committed (receiver) or acknowledged (sender).
    package var chunks: UInt64 = 0
    /// Plain bytes of these chunks.
    package var bytes: UInt64 = 0
    /// Files all of whose chunks are among them; empty ones have none and do not count.
    package var wholeFiles: UInt64 = 0

    package init() {}
}

extension Journal {
    /// Counted row by row, in one pass: for people who ask, not for every tick of a display.
    package func progress(of id: TransferID) async throws -> TransferProgress {
        try await read { db in try Self.progress(db, of: id) }
    }

    static func progress(_ db: Database, of id: TransferID) throws -> TransferProgress {
        let key = try TransferHead(db, id).key
        var progress = TransferProgress()
        let states = "SELECT state, count(*) FROM entry WHERE transfer = ?1 GROUP BY state"
        try Query(db, states).forEach([.int(key)]) { row in
            guard let state = EntryState(rawValue: Int(try row.int(0, "entry state"))) else {
                throw DamagedRow(what: "unknown entry state")
            }
            progress.entries[state] = try row.number(1, "count of entries")
            return true
        }
        try addChunks(db, transfer: key, to: &progress)
        return progress
    }

    /// Walks held chunks and files side by side, both ascending.
    private static func addChunks(_ db: Database, transfer: Int64, to progress: inout TransferProgress) throws {
        var files = FileCursor(db: db, transfer: transfer)
        var (latest, held): (UInt64?, UInt64) = (nil, 0)
        var counted: UInt64 = 0
        try Query(
            db,
            """
            SELECT number, 1 FROM chunk WHERE transfer = ?1 AND state = 1
            UNION ALL SELECT first, length(digests) / 32 FROM digest_list WHERE transfer = ?1 ORDER BY 1
            """
        ).forEach([.int(transfer)]) { row in
            let first = try row.number(0, "chunk number", limit: Limits.chunks - 1)
            let end = first + (try row.number(1, "count of chunks", limit: Limits.chunks))
            // A chunk may be in a row and in a list.
            var next = max(first, counted)
            guard next < end else { return true }
            counted = end
            progress.chunks += end - next
            while next < end, let file = try files.file(holding: next) {
                let last = min(end, file.chunks.upperBound)
                progress.bytes += bytes(of: next..<last, in: file)
                held = (file.entry == latest ? held : 0) + (last - next)
                latest = file.entry
                if held == file.chunks.count { progress.wholeFiles += 1 }
                next = last
            }
            return true
        }
    }

    private static func bytes(of chunks: Range<UInt64>, in file: FilePlan) -> UInt64 {
        guard !chunks.isEmpty else { return 0 }
        let (first, last) = (file.extent(of: chunks.lowerBound), file.extent(of: chunks.upperBound - 1))
        return last.offset + UInt64(last.length) - first.offset
    }
}

/// Files with chunks in ascending order, a page at a time.
private struct FileCursor {
    let db: Database
    let transfer: Int64
    private var page: ArraySlice<FilePlan> = []

    init(db: Database, transfer: Int64) {
        self.db = db
        self.transfer = transfer
    }

    /// The file that `chunk` belongs to; nil where none does. Chunks are asked for in ascending order.
    mutating func file(holding chunk: UInt64) throws -> FilePlan? {
        while true {
            page = page.drop { $0.chunks.upperBound <= chunk }
            if let file = page.first { return file.chunks.contains(chunk) ? file : nil }
            let sql = """
                SELECT \(ManifestEntry.columns) FROM entry INDEXED BY entry_chunks
                WHERE transfer = ?1 AND chunks > 0 AND first_chunk + chunks > ?2
                    AND first_chunk >= coalesce((SELECT max(first_chunk) FROM entry INDEXED BY entry_chunks
                        WHERE transfer = ?1 AND chunks > 0 AND first_chunk <= ?2), 0)
                ORDER BY first_chunk LIMIT 1000
                """
            page = try db.rows(sql, .int(transfer), .bound(chunk)) { row in
                let manifest = try ManifestEntry(row)
                guard manifest.kind == .file else { throw DamagedRow(what: "an entry with chunks that is no file") }
                return FilePlan(entry: try ManifestEntry.number(row), manifest: manifest)
            }[...]
            if page.isEmpty { return nil }
        }
    }
}
