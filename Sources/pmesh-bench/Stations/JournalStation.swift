import MeshJournal
import MeshTransfer
import MeshWire

/// The journal: what a receiver commits before it acknowledges.
struct JournalStation {
    /// Rows of one transaction: what 100 ms of small files bring.
    private static let group = 1_024
    private static let groups = 100

    let scratch: Scratch

    func measure() async throws -> [Station] {
        let journal = try await Journal(path: scratch["station.sqlite"], boot: "bench")
        let entries = try await entries(journal)
        let chunks = try await chunks(journal)
        try await journal.close()
        for suffix in ["", "-wal", "-shm"] { scratch.clear("station.sqlite" + suffix) }
        return [entries, chunks]
    }

    private func entries(_ journal: Journal) async throws -> Station {
        let id = try await transfer(journal)
        var next: UInt64 = 0
        let cost = try await Cost.least(of: 1) {
            for _ in 0..<Self.groups {
                let page = (0..<UInt64(Self.group)).map { Self.file(next + $0) }
                try await journal.append(page, to: id)
                next += UInt64(Self.group)
            }
        }
        return Station(
            name: "journal, manifest entries", amount: Double(next), unit: "rows", cost: cost,
            remark: "\(Self.group) in one transaction")
    }

    private func chunks(_ journal: Journal) async throws -> Station {
        let id = try await transfer(journal)
        let size = UInt64(Self.group * Self.groups) << 20
        let entry = ManifestEntry(kind: .file, path: Array("large".utf8), size: size)
        try await journal.append([entry], to: id)
        let plan = FilePlan(entry: 0, manifest: entry)
        let numbers = Array(plan.chunks)
        let cost = try await Cost.least(of: 1) {
            for start in stride(from: 0, to: numbers.count, by: Self.group) {
                var group = CommitGroup()
                group.chunks = numbers[start..<min(start + Self.group, numbers.count)].map {
                    ChunkRecord(number: $0, digest: Digest())
                }
                try await journal.commit(group, to: id)
            }
        }
        return Station(
            name: "journal, chunk rows", amount: Double(numbers.count), unit: "rows", cost: cost,
            remark: "\(Self.group) in one transaction")
    }

    private func transfer(_ journal: Journal) async throws -> TransferID {
        var generator = SystemRandomNumberGenerator()
        let id = TransferID(Bytes16(using: &generator))
        try await journal.create(
            TransferRecord(id: id, direction: .receive, roots: [Array("/bench".utf8)], created: 0, updated: 0))
        return id
    }

    /// One small file: one chunk.
    private static func file(_ number: UInt64) -> ManifestEntry {
        ManifestEntry(
            kind: .file, path: Array("folder/\(number / 100)/file \(number)".utf8), size: 12_000, allocated: 12_288,
            mode: 0o644, seconds: 1_777_000_000, firstChunk: number)
    }
}
