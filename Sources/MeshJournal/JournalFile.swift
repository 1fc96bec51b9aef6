#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The journal's file on disk, before SQLite sees it: for its owner alone, because it holds secrets of codes.
enum JournalFile {
    /// Makes the folder (0700) with those above it, and an empty file (0600), where they are missing; takes the rights
    /// of others away where the file is there.
    static func prepare(_ path: String) throws(JournalError) {
        try makeFolder(of: path)
        // mknod and chmod, never open: closing any descriptor of the file drops the POSIX locks that SQLite holds on it
        // for another connection of this process. WAL and shared memory get the file's mode from SQLite.
        if mknod(path, S_IFREG | 0o600, 0) == 0 { return }
        guard errno == EEXIST else { throw failure(path, errno) }
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAJournal(path: path) }
        // Where it is not ours this fails, and opening it will tell.
        if status.st_mode & 0o077 != 0 { _ = chmod(path, 0o600) }
    }

    private static func makeFolder(of path: String) throws(JournalError) {
        let parts = path.split(separator: "/").dropLast()
        var folder = path.hasPrefix("/") ? "" : "."
        for part in parts {
            folder += "/\(part)"
            guard mkdir(folder, 0o700) != 0, errno != EEXIST else { continue }
            // A folder above may be one we may not write to and yet exist; only the last word counts.
            var status = stat()
            let reason = errno
            guard stat(folder, &status) == 0 else { throw failure(path, reason) }
        }
    }

    private static func failure(_ path: String, _ code: Int32) -> JournalError {
        switch code {
        case ENOSPC, EDQUOT: .full(path: path)
        case EACCES, EPERM, EROFS, ENOTDIR, ENOENT, EISDIR: .denied(path: path, detail: text(code))
        default: .failed(path: path, detail: text(code))
        }
    }

    private static func text(_ code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return buffer.withUnsafeBufferPointer { text in text.baseAddress.map { String(cString: $0) } ?? "" }
    }
}
