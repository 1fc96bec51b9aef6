import GRDB

/// A row that cannot be what this program wrote; `JournalError.corrupt` once the file's name is known.
struct DamagedRow: Error {
    let what: String
}

extension JournalError {
    /// What an error met inside a database access means to the one who asked.
    package init(_ error: any Error, path: String) {
        switch error {
        case let error as JournalError: self = error
        case let error as DamagedRow: self = .corrupt(path: path, detail: error.what)
        case let error as DatabaseError: self.init(database: error, path: path)
        default: self = .failed(path: path, detail: "\(error)")
        }
    }

    private init(database error: DatabaseError, path: String) {
        let detail = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL: self = .full(path: path)
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL: self = .locked(path: path)
        case .SQLITE_NOTADB: self = .notAJournal(path: path)
        case .SQLITE_CORRUPT, .SQLITE_FORMAT: self = .corrupt(path: path, detail: detail)
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_READONLY:
            self = .denied(path: path, detail: detail)
        case .SQLITE_CONSTRAINT: self = .refused("a row (\(detail))")
        default: self = .failed(path: path, detail: detail)
        }
    }

    /// True where trying again a little later may succeed.
    var isLocked: Bool {
        guard case .locked = self else { return false }
        return true
    }
}
