import GRDB
import MeshTransfer
import MeshWire

extension ManifestEntry {
    /// Columns that `init(_:)` reads, at the front of a row.
    static let columns =
        "number, kind, path, size, allocated, mode, mtime_s, mtime_ns, target, first_chunk, chunks, open"

    /// From column 1 on; column 0 is the entry's number. The checks are those of the wire: what a path or a size leads to
    /// does not ask where they came from.
    init(_ row: Columns) throws {
        guard let kind = EntryKind(rawValue: UInt8(try row.int(1, "entry kind", in: 0...255))) else {
            throw DamagedRow(what: "unknown entry kind")
        }
        self.init(
            kind: kind,
            path: try row.bytes(2, "path", limit: Limits.omittedPath),
            size: try row.number(3, "file size"),
            allocated: try row.number(4, "allocated size"),
            mode: UInt16(try row.int(5, "file mode", in: 0...0o777)),
            seconds: try row.int(6, "modification time"),
            nanoseconds: UInt32(try row.int(7, "modification time", in: 0...999_999_999)),
            target: try row.optionalBytes(8, "link target", limit: Limits.path) ?? [],
            firstChunk: try row.number(9, "first chunk", limit: Limits.chunks))
        if let open = try row.optionalInt(11, "open length") {
            guard open == 0 || open == 1 else { throw DamagedRow(what: "unknown openness") }
            isOpen = open == 1
            room = try row.number(10, "count of chunks", limit: Limits.openRoom)
        }
        guard hasSoundRoom else { throw DamagedRow(what: "invalid open length") }
        guard (kind == .link) == !target.isEmpty, !target.contains(0) else {
            throw DamagedRow(what: "invalid link target")
        }
        guard hasSoundPath else { throw DamagedRow(what: "invalid path") }
        guard hasSoundSize else { throw DamagedRow(what: "invalid file size") }
        // Files are looked up by the chunks that the row says it has, and cut by its size.
        guard try row.number(10, "count of chunks") == chunkCount else {
            throw DamagedRow(what: "invalid count of chunks")
        }
    }

    static func number(_ row: Columns) throws -> UInt64 {
        try row.number(0, "entry number", limit: Limits.entries - 1)
    }

    /// How many chunk numbers it takes; none unless it is a file.
    var chunkCount: UInt64 { ChunkPlan.numbers(of: self) }
}

extension SourceEntry {
    static let columns = ManifestEntry.columns + ", source_device, source_inode, source_changed"

    init(_ row: Columns) throws {
        self.init(
            number: try ManifestEntry.number(row), manifest: try ManifestEntry(row),
            identity: SourceIdentity(
                device: try row.bits(12, "source device"), inode: try row.bits(13, "source inode"),
                changed: try row.int(14, "source change time")))
    }
}

extension ReceivedEntry {
    static let columns =
        ManifestEntry.columns
        + ", state, part_device, part_inode, part_born, final_name, durable, folder_origin, reason"

    init(_ row: Columns) throws {
        guard let state = EntryState(rawValue: Int(try row.int(12, "entry state"))) else {
            throw DamagedRow(what: "unknown entry state")
        }
        var part: PartIdentity?
        if !row.isNull(13) {
            part = PartIdentity(
                device: try row.bits(13, "part device"), inode: try row.bits(14, "part inode"),
                born: try row.int(15, "part birth time"))
        }
        let finalName = try row.optionalBytes(16, "final name", limit: Limits.component)
        guard finalName.map(EntryPath.isName) ?? true else { throw DamagedRow(what: "invalid final name") }
        self.init(
            number: try ManifestEntry.number(row), manifest: try ManifestEntry(row), state: state, part: part,
            finalName: finalName, isDurable: try row.flag(17, "durable mark"),
            origin: try row.optionalInt(18, "folder's origin").map(FolderOrigin.init(journaled:)),
            reason: try row.optionalInt(19, "reason").map(SkipReason.init(journaled:)))
    }
}

extension SkipReason {
    init(journaled value: Int64) throws {
        guard let code = UInt8(exactly: value), let reason = SkipReason(rawValue: code) else {
            throw DamagedRow(what: "reason \(value)")
        }
        self = reason
    }
}

extension FolderOrigin {
    /// -1: made; else the mode of a folder that was there.
    init(journaled value: Int64) throws {
        switch value {
        case -1: self = .made
        case 0...0o7777: self = .there(mode: UInt16(value))
        default: throw DamagedRow(what: "folder's origin of \(value)")
        }
    }

    var journaled: Int64 {
        switch self {
        case .made: -1
        case .there(let mode): Int64(mode)
        }
    }
}

/// Adds entries to a manifest in the order of their numbers, and keeps the totals along.
struct ManifestAppend {
    private let db: Database
    private let id: TransferID
    private var head: TransferHead
    private let insert: Query

    init(_ db: Database, _ id: TransferID, direction: TransferDirection) throws {
        self.db = db
        self.id = id
        head = try TransferHead(db, id)
        try head.require(direction, for: "manifest entries")
        insert = try Query(
            db,
            """
            INSERT INTO entry (transfer, number, kind, path, size, allocated, mode, mtime_s, mtime_ns, target, first_chunk,
                chunks, source_device, source_inode, source_changed, state, reason, open)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
            """)
    }

    /// The number that is due.
    var next: UInt64 { head.totals.entries }

    mutating func add(_ entry: ManifestEntry, identity: SourceIdentity?) throws {
        let number = next
        guard head.totals.add(entry) else {
            throw JournalError.refused("entry \(number) of \(id.short), which does not continue the manifest")
        }
        if entry.kind == .withdrawal { try withdraw(entry.size, by: number) }
        try insert.run([
            .int(head.key), .bound(number), .int(Int64(entry.kind.rawValue)), .bytes(entry.path),
            try .number(entry.size, "a file size"), try .number(entry.allocated, "an allocated size"),
            .int(Int64(entry.mode)), .int(entry.seconds), .int(Int64(entry.nanoseconds)),
            entry.target.isEmpty ? .null : .bytes(entry.target), .bound(entry.firstChunk), .bound(entry.chunkCount),
            .bits(identity?.device), .bits(identity?.inode), .optional(identity?.changed),
            .int(Int64(state(entry).rawValue)), .optional(entry.omissionReason.map { Int64($0.rawValue) }),
            entry.room > 0 ? .flag(entry.isOpen) : .null,
        ])
    }

    /// A receiver has nothing to do for what is not offered.
    private func state(_ entry: ManifestEntry) -> EntryState {
        entry.kind == .omission && head.direction == .receive ? .skipped : .open
    }

    /// Keeps the totals. Part of the same transaction.
    func finish() throws {
        try Query(
            db,
            "UPDATE transfer SET entries = ?2, files = ?3, chunks = ?4, bytes = ?5, allocated = ?6 WHERE key = ?1"
        ).run([.int(head.key)] + head.totals.values())
    }

    private func withdraw(_ number: UInt64, by withdrawal: UInt64) throws {
        let sql = "UPDATE entry SET state = 5 WHERE transfer = ?1 AND number = ?2 AND kind <> 3"
        guard try db.run(sql, .int(head.key), .bound(number)) == 1 else {
            throw JournalError.refused(
                "entry \(withdrawal) of \(id.short), which takes back \(number), no entry of a source")
        }
    }
}

/// Writes down where files of open length ended.
struct EntryLength {
    private let db: Database
    private let transfer: Int64
    private let entry: Query
    private let sum: Query

    init(_ db: Database, transfer: Int64) throws {
        self.db = db
        self.transfer = transfer
        entry = try Query(db, "UPDATE entry SET size = ?3, open = 0 WHERE transfer = ?1 AND number = ?2 AND open = 1")
        sum = try Query(db, "UPDATE transfer SET bytes = bytes + ?2 WHERE key = ?1")
    }

    func tell(_ size: UInt64, entry number: UInt64) throws {
        try entry.run([.int(transfer), .bound(number), try .number(size, "a file size")])
        guard db.changesCount == 1 else {
            throw JournalError.refused("the length of entry \(number), whose length is not open")
        }
        try sum.run([.int(transfer), try .number(size, "a file size")])
    }
}
