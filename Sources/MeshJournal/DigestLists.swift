import GRDB
import MeshTransfer
import MeshWire

/// Digest lists of one transfer: what chunk rows become when it is finished, a tenth of their size in a thousandth of
/// the rows. A list is a run of consecutive chunks of one boot and sync state, so that nothing is lost by folding.
struct DigestLists {
    let db: Database
    /// The transfer's key.
    let transfer: Int64
    /// The present boot's key.
    let boot: Int64

    /// Chunks of one list: 128 KiB of digests.
    static let length = 4_096
    /// Rows folded in one transaction: about 10 ms, so that other writers get their turn.
    static let batch = 4 * length

    struct List {
        var first: UInt64
        var digests: [UInt8]
        var boot: Int64
        var isSynced: Bool

        var range: Range<UInt64> { first..<first + UInt64(digests.count / 32) }

        /// The part of it that lies in `bounds`, or nil.
        func clamped(to bounds: Range<UInt64>) -> List? {
            let part = range.clamped(to: bounds)
            guard !part.isEmpty else { return nil }
            let offset = Int(part.lowerBound - first) * 32
            let bytes = digests[offset..<offset + Int(part.upperBound - part.lowerBound) * 32]
            return List(first: part.lowerBound, digests: Array(bytes), boot: boot, isSynced: isSynced)
        }
    }

    /// Moves one batch of rows into lists, in the transaction it is called in; answers whether there may be more. A crash
    /// between two batches leaves some chunks here and some there: both answer, and the next call goes on.
    func fold() throws -> Bool {
        var lists: [List] = []
        var rows = 0
        try Query(
            db,
            "SELECT number, digest, boot, synced FROM chunk WHERE transfer = ?1 AND state = 1 ORDER BY number LIMIT ?2"
        ).forEach([.int(transfer), .int(Int64(Self.batch))]) { row in
            rows += 1
            try Self.extend(&lists, by: row)
            return true
        }
        guard let last = lists.last, rows == Self.batch else {
            try put(lists)
            // With those that were damaged and never came again.
            try db.run("DELETE FROM chunk WHERE transfer = ?1", .int(transfer))
            return false
        }
        try put(lists)
        try db.run(
            "DELETE FROM chunk WHERE transfer = ?1 AND number < ?2", .int(transfer), .bound(last.range.upperBound))
        return true
    }

    private static func extend(_ lists: inout [List], by row: Columns) throws {
        let number = try row.number(0, "chunk number", limit: Limits.chunks - 1)
        let digest = try row.digest(1, "chunk digest")
        let boot = try row.int(2, "boot")
        let isSynced = try row.flag(3, "synced mark")
        let end = lists.count - 1
        if end >= 0, lists[end].range.upperBound == number, lists[end].boot == boot, lists[end].isSynced == isSynced,
            lists[end].digests.count < length * 32
        {
            digest.withBytes { lists[end].digests.append(contentsOf: $0) }
        } else {
            lists.append(List(first: number, digests: digest.array, boot: boot, isSynced: isSynced))
        }
    }

    private func put(_ lists: [List]) throws {
        let insert = try Query(
            db, "INSERT INTO digest_list (transfer, first, digests, boot, synced) VALUES (?1, ?2, ?3, ?4, ?5)")
        for list in lists {
            // Rows that came after an earlier fold (an ended transfer gone on with) replace what the lists say.
            try cut(list.range)
            try insert.run([
                .int(transfer), .bound(list.first), .bytes(list.digests), .int(list.boot), .flag(list.isSynced),
            ])
        }
    }

    /// Takes the chunks in `range` out of the lists.
    func cut(_ range: Range<UInt64>) throws {
        try db.run(
            """
            DELETE FROM digest_list
            WHERE transfer = ?1 AND first >= ?2 AND first < ?3 AND first + length(digests) / 32 <= ?3
            """,
            .int(transfer), .bound(range.lowerBound), .bound(range.upperBound))
        // What is left reaches over one end of the range: two lists, or one over both.
        for list in try overlapping(range, limit: 2) {
            try db.run("DELETE FROM digest_list WHERE transfer = ?1 AND first = ?2", .int(transfer), .bound(list.first))
            let rest = [list.clamped(to: 0..<range.lowerBound), list.clamped(to: range.upperBound..<UInt64.max)]
            for part in rest.compactMap({ $0 }) {
                try db.run(
                    "INSERT INTO digest_list (transfer, first, digests, boot, synced) VALUES (?1, ?2, ?3, ?4, ?5)",
                    .int(transfer), .bound(part.first), .bytes(part.digests), .int(part.boot), .flag(part.isSynced))
            }
        }
    }

    /// Lists that lie in `range` whole. One that is synced in part stays unsynced: it is hashed again, nothing worse.
    func markSynced(_ range: Range<UInt64>) throws {
        try db.run(
            """
            UPDATE digest_list SET synced = 1
            WHERE transfer = ?1 AND first >= ?2 AND first < ?3 AND first + length(digests) / 32 <= ?3 AND synced = 0
            """,
            .int(transfer), .bound(range.lowerBound), .bound(range.upperBound))
    }

    /// Chunks in `range`, ascending, at most `limit`.
    func held(in range: Range<UInt64>, limit: Int) throws -> [ChunkRecord] {
        var chunks: [ChunkRecord] = []
        var next = range.lowerBound
        while chunks.count < limit, next < range.upperBound,
            let list = try overlapping(next..<range.upperBound, limit: 1).first?.clamped(to: next..<range.upperBound)
        {
            for (index, number) in list.range.enumerated().prefix(limit - chunks.count) {
                guard let digest = Digest(list.digests[index * 32..<index * 32 + 32]) else { continue }
                chunks.append(
                    ChunkRecord(
                        number: number, digest: digest, isThisBoot: list.boot == boot, isSynced: list.isSynced))
            }
            next = list.range.upperBound
        }
        return chunks
    }

    /// Lists with a chunk in `range`, ascending. None is longer than `length`, so the index bounds the search from below.
    private func overlapping(_ range: Range<UInt64>, limit: Int) throws -> [List] {
        let lowest = range.lowerBound - min(range.lowerBound, UInt64(Self.length - 1))
        return try db.rows(
            """
            SELECT first, digests, boot, synced FROM digest_list
            WHERE transfer = ?1 AND first >= ?2 AND first < ?3 AND first + length(digests) / 32 > ?4
            ORDER BY first LIMIT ?5
            """,
            .int(transfer), .bound(lowest), .bound(range.upperBound), .bound(range.lowerBound), .int(Int64(limit))
        ) { row in
            let list = List(
                first: try row.number(0, "chunk number", limit: Limits.chunks - 1),
                digests: try row.bytes(1, "digest list", limit: Self.length * 32), boot: try row.int(2, "boot"),
                isSynced: try row.flag(3, "synced mark"))
            guard list.digests.count % 32 == 0, !list.digests.isEmpty else {
                throw DamagedRow(what: "a digest list of \(list.digests.count) bytes")
            }
            return list
        }
    }
}
