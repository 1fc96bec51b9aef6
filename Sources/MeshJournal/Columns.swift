import GRDBSQLite
import MeshWire

/// The present row of a statement. The file is hostile until checked: every column says what it may hold, and anything
/// else is a damaged row.
struct Columns {
    let handle: OpaquePointer

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func int(_ column: Int32, _ what: String, in range: ClosedRange<Int64> = .min ... .max) throws -> Int64 {
        guard sqlite3_column_type(handle, column) == SQLITE_INTEGER else { throw DamagedRow(what: "no \(what)") }
        let value = sqlite3_column_int64(handle, column)
        guard range.contains(value) else { throw DamagedRow(what: "\(what) of \(value)") }
        return value
    }

    func optionalInt(_ column: Int32, _ what: String) throws -> Int64? {
        isNull(column) ? nil : try int(column, what)
    }

    /// A count, size or number from 0 to `limit`.
    func number(_ column: Int32, _ what: String, limit: UInt64 = UInt64(Int64.max)) throws -> UInt64 {
        UInt64(try int(column, what, in: 0...Int64(clamping: limit)))
    }

    func flag(_ column: Int32, _ what: String) throws -> Bool { try int(column, what, in: 0...1) == 1 }

    /// 64 bits as they are.
    func bits(_ column: Int32, _ what: String) throws -> UInt64 { UInt64(bitPattern: try int(column, what)) }

    func bytes(_ column: Int32, _ what: String, limit: Int) throws -> [UInt8] {
        guard sqlite3_column_type(handle, column) == SQLITE_BLOB else { throw DamagedRow(what: "no \(what)") }
        // In this order: asking for the length first could convert the value and move it.
        let start = sqlite3_column_blob(handle, column)
        let count = Int(sqlite3_column_bytes(handle, column))
        guard count <= limit else { throw DamagedRow(what: "\(what) of \(count) bytes") }
        return Array(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    func optionalBytes(_ column: Int32, _ what: String, limit: Int) throws -> [UInt8]? {
        isNull(column) ? nil : try bytes(column, what, limit: limit)
    }

    func digest(_ column: Int32, _ what: String) throws -> Bytes32 {
        guard sqlite3_column_type(handle, column) == SQLITE_BLOB, let start = sqlite3_column_blob(handle, column),
            sqlite3_column_bytes(handle, column) == 32,
            let digest = Bytes32(UnsafeRawBufferPointer(start: start, count: 32))
        else { throw DamagedRow(what: "a \(what) that is not 32 bytes") }
        return digest
    }

    func bytes16(_ column: Int32, _ what: String) throws -> Bytes16 {
        guard let value = Bytes16(try bytes(column, what, limit: 16)) else {
            throw DamagedRow(what: "a \(what) that is not 16 bytes")
        }
        return value
    }

    func text(_ column: Int32, _ what: String) throws -> String {
        guard sqlite3_column_type(handle, column) == SQLITE_TEXT, let start = sqlite3_column_text(handle, column)
        else { throw DamagedRow(what: "no \(what)") }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func optionalText(_ column: Int32, _ what: String) throws -> String? {
        isNull(column) ? nil : try text(column, what)
    }

    /// Text that stands for something: an identifier, or a case of an enum.
    func parsed<Answer>(_ column: Int32, _ what: String, _ parse: (String) -> Answer?) throws -> Answer {
        let text = try text(column, what)
        guard let value = parse(text) else { throw DamagedRow(what: "unknown \(what)") }
        return value
    }

    func optionalParsed<Answer>(_ column: Int32, _ what: String, _ parse: (String) -> Answer?) throws -> Answer? {
        isNull(column) ? nil : try parsed(column, what, parse)
    }
}
