#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension Journal {
    /// The write-ahead log reaches the disk: SQLite finds what was committed in it even where it never came to a checkpoint.
    package func flush() async throws {
        let log = path + "-wal"
        try await offPool {
            guard syncFile(log) else {
                throw JournalError.failed(path: log, detail: String(cString: strerror(errno)))
            }
        }
    }
}

/// The log alone is synced, not the file, which may have changes of any size waiting. No lock of SQLite's is on the log, so
/// that closing another descriptor of it loosens none. Where there is no log, everything is in the file, whose last
/// checkpoint was synced.
private func syncFile(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return errno == ENOENT }
    defer { close(descriptor) }
    return fdatasync(descriptor) == 0
}
