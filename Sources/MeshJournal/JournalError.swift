package import MeshWire

/// Why the journal could not do what was asked. `path` is the journal's file.
package enum JournalError: Error, Hashable, Sendable {
    /// A newer program has written this file: it went through more migrations than this one knows, or others.
    case newer(path: String, found: Int, known: Int)
    /// The file is no database, or the database of another program.
    case notAJournal(path: String)
    /// The file contradicts itself or its schema.
    case corrupt(path: String, detail: String)
    /// Another process kept the file to itself for longer than ten seconds.
    case locked(path: String)
    /// No space or quota left.
    case full(path: String)
    /// The file or its folder may not be opened, made or written to.
    case denied(path: String, detail: String)
    /// Any other error of the disk or of SQLite.
    case failed(path: String, detail: String)
    /// No transfer of this name is in the journal.
    case unknownTransfer(TransferID)
    /// A transfer of this name is there already.
    case transferExists(TransferID)
    /// What was to be written does not continue, or contradicts, what is there. Nothing of it was written.
    case refused(String)
}

extension JournalError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .newer(let path, let found, let known):
            "the journal \(path) was written by a newer pmesh (schema \(found), this one knows \(known)): "
                + "update pmesh, or use another --home"
        case .notAJournal(let path):
            "\(path) is not a journal of pmesh: move it away, or use another --home"
        case .corrupt(let path, let detail):
            "the journal \(path) is damaged (\(detail)): received files are untouched; mend it with `sqlite3 "
                + "\(path) .recover`, or move it away and start its unfinished transfers again"
        case .locked(let path):
            "the journal \(path) was locked by another process for more than 10 seconds: the transfer stays "
                + "resumable, run the same command again once that process is done"
        case .full(let path):
            "no space left for the journal \(path): the transfer stays resumable, free some space and run the same "
                + "command again"
        case .denied(let path, let detail):
            "no access to the journal \(path) (\(detail)): make the file and its folder writable for you, or use "
                + "another --home"
        case .failed(let path, let detail):
            "the journal \(path) could not be read or written (\(detail)): the transfer stays resumable, check the "
                + "disk, then run the same command again"
        case .unknownTransfer(let id):
            "the journal knows no transfer \(id): see `pmesh transfers list`"
        case .transferExists(let id):
            "the journal has a transfer \(id) already: resume it, or forget it first"
        case .refused(let what):
            "the journal refused \(what): nothing of it was written, the transfer stays resumable"
        }
    }
}
