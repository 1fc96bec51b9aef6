import GRDB
import GRDBSQLite
import MeshWire

/// A value bound to a statement's parameter.
enum Value {
    case null
    case int(Int64)
    case text(String)
    case bytes([UInt8])
    case digest(Bytes32)

    /// A flag as 0 or 1.
    static func flag(_ flag: Bool) -> Value { .int(flag ? 1 : 0) }

    /// A 64-bit number by bit pattern: device and inode numbers.
    static func bits(_ number: UInt64?) -> Value { number.map { .int(Int64(bitPattern: $0)) } ?? .null }

    /// A bound that is only compared with: numbers beyond those of any row are as good as the largest.
    static func bound(_ number: UInt64) -> Value { .int(Int64(clamping: number)) }

    /// A number that is kept; one beyond 2^63 is refused.
    static func number(_ number: UInt64, _ what: String) throws -> Value {
        guard let value = Int64(exactly: number) else { throw JournalError.refused("\(what) of \(number)") }
        return .int(value)
    }

    static func optional(_ number: Int64?) -> Value { number.map { .int($0) } ?? .null }
    static func optional(_ text: String?) -> Value { text.map { .text($0) } ?? .null }
    static func optional(_ bytes: [UInt8]?) -> Value { bytes.map { .bytes($0) } ?? .null }
}

/// A prepared statement out of its connection's cache, used through SQLite's own calls: three to five times as fast as
/// GRDB's arguments and rows, and columns of a hostile file are checked instead of trapped on.
struct Query {
    private let statement: Statement
    private let handle: SQLiteStatement

    /// `isCached: false` for statements put together at run time, which would fill the cache.
    init(_ db: Database, _ sql: String, isCached: Bool = true) throws {
        statement = try isCached ? db.cachedStatement(sql: sql) : db.makeStatement(sql: sql)
        handle = statement.sqliteStatement
    }

    /// Runs to the end; rows it may return are dropped.
    func run(_ values: [Value]) throws {
        defer { sqlite3_reset(handle) }
        try bind(values)
        while try step() {}
    }

    /// Hands each row to `body` until that answers false.
    func forEach(_ values: [Value], _ body: (Columns) throws -> Bool) throws {
        defer { sqlite3_reset(handle) }
        try bind(values)
        while try step() {
            guard try body(Columns(handle: handle)) else { return }
        }
    }

    private func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw failure(code)
        }
    }

    private func bind(_ values: [Value]) throws {
        sqlite3_clear_bindings(handle)
        for (index, value) in zip(Int32(1)..., values) {
            let code = bind(value, at: index)
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }

    private func bind(_ value: Value, at index: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(handle, index)
        case .int(let number): return sqlite3_bind_int64(handle, index, number)
        case .text(var text):
            return text.withUTF8 { utf8 in
                utf8.withMemoryRebound(to: CChar.self) {
                    // An empty string has no address, and a null pointer would bind NULL.
                    guard let start = $0.baseAddress else {
                        return sqlite3_bind_text(handle, index, "", 0, Self.copied)
                    }
                    return sqlite3_bind_text(handle, index, start, Int32($0.count), Self.copied)
                }
            }
        case .bytes(let bytes):
            guard !bytes.isEmpty else { return sqlite3_bind_zeroblob(handle, index, 0) }
            return sqlite3_bind_blob64(handle, index, bytes, UInt64(bytes.count), Self.copied)
        case .digest(let digest):
            return digest.withBytes { sqlite3_bind_blob(handle, index, $0.baseAddress, 32, Self.copied) }
        }
    }

    /// SQLITE_TRANSIENT, a macro that Swift cannot see: SQLite copies the bytes before the call returns.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private func failure(_ code: Int32) -> DatabaseError {
        let message = sqlite3_errmsg(sqlite3_db_handle(handle)).map { String(cString: $0) }
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }
}

extension Database {
    /// Runs a statement and answers how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: Value...) throws -> Int {
        try Query(self, sql).run(values)
        return changesCount
    }

    /// All rows of a statement that bounds them itself (`LIMIT`).
    func rows<Answer>(_ sql: String, _ values: Value..., read: (Columns) throws -> Answer) throws -> [Answer] {
        var answers: [Answer] = []
        try Query(self, sql).forEach(values) {
            answers.append(try read($0))
            return true
        }
        return answers
    }

    /// The first row, or nil.
    func row<Answer>(_ sql: String, _ values: Value..., read: (Columns) throws -> Answer) throws -> Answer? {
        var answer: Answer?
        try Query(self, sql).forEach(values) {
            answer = try read($0)
            return false
        }
        return answer
    }
}
