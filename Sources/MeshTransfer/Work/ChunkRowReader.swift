import MeshWire

/// Rows of files that are asked for in the order of the manifest: the journal is read by thousands of rows, so that as many
/// small files cost one question.
///
/// What is written to the journal meanwhile must concern only files that were asked for already, or passed over.
struct ChunkRowReader: Sendable {
    private static let batch = 8_192

    private let ports: ReceivePorts
    /// Where reading ahead ends.
    private let end: UInt64
    private var ahead: ArraySlice<ChunkRecord> = []
    /// Every row from here to `readEnd` that is in the journal is in `ahead`.
    private var readStart: UInt64 = 0
    private var readEnd: UInt64 = 0

    init(ports: ReceivePorts, end: UInt64) {
        self.ports = ports
        self.end = end
    }

    mutating func rows(of chunks: Range<UInt64>) async throws -> [ChunkRecord] {
        var rows: [ChunkRecord] = []
        var next = chunks.lowerBound
        while next < chunks.upperBound {
            if next < readStart || next >= readEnd { try await read(from: next, to: max(end, chunks.upperBound)) }
            ahead = ahead.drop { $0.number < next }
            let found = ahead.prefix { $0.number < chunks.upperBound }
            rows += found
            ahead = ahead.dropFirst(found.count)
            next = min(readEnd, chunks.upperBound)
            readStart = next
        }
        return rows
    }

    private mutating func read(from first: UInt64, to end: UInt64) async throws {
        let batch = try await ports.journal.chunks(of: ports.transfer, in: first..<end, limit: Self.batch)
        ahead = batch[...]
        readStart = first
        readEnd = batch.count < Self.batch ? end : batch.last.map { $0.number + 1 } ?? end
    }
}
