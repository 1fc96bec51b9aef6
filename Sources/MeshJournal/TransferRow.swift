import GRDB
import MeshTransfer
import MeshWire

/// A transfer's row as every call on it needs it first.
struct TransferHead {
    /// Compact name in the other tables.
    var key: Int64
    var direction: TransferDirection
    var state: TransferState
    var totals: ManifestTotals

    /// Throws `JournalError.unknownTransfer` where there is none.
    init(_ db: Database, _ id: TransferID) throws {
        let sql = """
            SELECT key, direction, state, entries, files, chunks, bytes, allocated FROM transfer WHERE id = ?1
            """
        guard let head = try db.row(sql, .text(id.description), read: TransferHead.init) else {
            throw JournalError.unknownTransfer(id)
        }
        self = head
    }

    private init(_ row: Columns) throws {
        key = try row.int(0, "transfer key", in: 1 ... .max)
        direction = try row.parsed(1, "direction", TransferDirection.init)
        state = try row.parsed(2, "transfer state", TransferState.init)
        totals = try ManifestTotals(row, from: 3)
    }

    /// Refuses a call that belongs to the other side of a transfer.
    func require(_ expected: TransferDirection, for what: String) throws {
        guard direction == expected else {
            throw JournalError.refused("\(what) of a transfer whose direction is \(direction.rawValue)")
        }
    }
}

extension ManifestTotals {
    init(_ row: Columns, from column: Int32) throws {
        self.init()
        entries = try row.number(column, "count of entries", limit: Limits.entries)
        files = try row.number(column + 1, "count of files", limit: entries)
        chunks = try row.number(column + 2, "count of chunks", limit: Limits.chunks)
        bytes = try row.number(column + 3, "sum of bytes")
        allocated = try row.number(column + 4, "sum of allocated bytes")
    }

    /// In the order of the columns entries, files, chunks, bytes, allocated.
    func values() throws -> [Value] {
        [
            try .number(entries, "count of entries"), try .number(files, "count of files"),
            try .number(chunks, "count of chunks"), try .number(bytes, "sum of bytes"),
            try .number(allocated, "sum of allocated bytes"),
        ]
    }
}

extension TransferRecord {
    /// Columns that `init(_:)` reads, of a table named `transfer`.
    static let columns = """
        transfer.id, transfer.direction, transfer.peer, transfer.code, transfer.roots, transfer.state, transfer.entries, \
        transfer.files, transfer.chunks, transfer.bytes, transfer.allocated, transfer.manifest_complete, \
        transfer.options, transfer.created, transfer.updated, transfer.message
        """

    /// Bytes of all roots, and of the options: far beyond any command line.
    static let limit = 16 * 1024 * 1024

    init(_ row: Columns) throws {
        self.init(
            id: try row.parsed(0, "transfer id") { TransferID($0) },
            direction: try row.parsed(1, "direction", TransferDirection.init),
            peer: try row.optionalParsed(2, "node") { NodeID($0) },
            code: row.isNull(3) ? nil : try row.bytes16(3, "code tag"),
            roots: try Self.roots(try row.bytes(4, "roots", limit: Self.limit)),
            state: try row.parsed(5, "transfer state", TransferState.init),
            totals: try ManifestTotals(row, from: 6),
            isManifestComplete: try row.flag(11, "manifest mark"),
            options: try row.bytes(12, "options", limit: Self.limit),
            created: try row.int(13, "time"), updated: try row.int(14, "time"),
            message: try row.optionalText(15, "message"))
    }

    /// In the order of `columns`.
    func values() throws -> [Value] {
        guard options.count <= Self.limit else { throw JournalError.refused("options of \(options.count) bytes") }
        let head: [Value] = [
            .text(id.description), .text(direction.rawValue), .optional(peer?.description), .optional(code?.array),
            .bytes(try Self.joined(roots)), .text(state.rawValue),
        ]
        return head + (try totals.values())
            + [.flag(isManifestComplete), .bytes(options), .int(created), .int(updated), .optional(message)]
    }

    /// Each path followed by a NUL, which no path contains: equal roots have equal bytes, so that they can be looked for.
    static func joined(_ roots: [[UInt8]]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for root in roots {
            guard !root.isEmpty, !root.contains(0) else { throw JournalError.refused("a root that is no path") }
            bytes += root
            bytes.append(0)
        }
        guard bytes.count <= limit else { throw JournalError.refused("roots of \(bytes.count) bytes") }
        return bytes
    }

    private static func roots(_ bytes: [UInt8]) throws -> [[UInt8]] {
        if bytes.isEmpty { return [] }
        let parts = bytes.split(separator: 0, omittingEmptySubsequences: false)
        guard parts.last?.isEmpty == true, !parts.dropLast().contains(where: \.isEmpty) else {
            throw DamagedRow(what: "roots that do not end")
        }
        return parts.dropLast().map(Array.init)
    }
}
