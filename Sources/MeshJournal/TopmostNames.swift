import GRDB
import MeshWire

/// Names at the top of a manifest. What lies below one of them stands together in it, so that the next one is found by
/// doubling steps: a folder of a million files costs some forty looks, and not a million.
enum TopmostNames {
    /// As many as a table has room for, and one that tells that there are more.
    static let limit = 4
    /// Runs that are looked at. A peer's manifest may take turns between two names, and must not cost a look for each entry.
    private static let runLimit = 64

    static func read(_ db: Database, _ key: Int64, entries: UInt64) throws -> [[UInt8]] {
        var names: [[UInt8]] = []
        var next: UInt64 = 0
        for _ in 0..<runLimit {
            guard next < entries, names.count < limit else { break }
            // Withdrawals have no path, and make a run of their own.
            let name = try first(db, key, next)
            if let name, !names.contains(name) { names.append(name) }
            next = try end(db, key, of: name, from: next, entries)
        }
        return names
    }

    /// The number behind the run of entries that begins at `start`.
    private static func end(
        _ db: Database, _ key: Int64, of name: [UInt8]?, from start: UInt64, _ entries: UInt64
    ) throws -> UInt64 {
        var inside = start
        var step: UInt64 = 1
        while inside + step < entries, try first(db, key, inside + step) == name {
            inside += step
            step *= 2
        }
        var outside = min(inside + step, entries)
        while outside - inside > 1 {
            let middle = inside + (outside - inside) / 2
            if try first(db, key, middle) == name { inside = middle } else { outside = middle }
        }
        return outside
    }

    /// The first component of an entry's path.
    private static func first(_ db: Database, _ key: Int64, _ number: UInt64) throws -> [UInt8]? {
        let sql = "SELECT path FROM entry WHERE transfer = ?1 AND number = ?2"
        let path = try db.row(sql, .int(key), try .number(number, "an entry's number")) {
            try $0.bytes(0, "path", limit: Limits.omittedPath)
        }
        return path.flatMap { $0.isEmpty ? nil : Array($0.prefix { $0 != UInt8(ascii: "/") }) }
    }
}
