package import MeshWire
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension Journal {
    /// The write-ahead log reaches the disk: SQLite finds what was committed in it even where it never came to a checkpoint.
    /// Nothing is done where an earlier call went as far: a sync may wait for what others write. The walk goes on
    /// meanwhile, and the next call covers all that it found.
    package func flushManifest(of id: TransferID, through entries: UInt64) async throws {
        let (log, marks) = (path + "-wal", manifestMarks)
        guard marks.isDue(id, through: entries) else { return }
        let appended = marks.appended(id)
        try await offPool {
            guard syncFile(log) else {
                throw JournalError.failed(path: log, detail: String(cString: strerror(errno)))
            }
        }
        marks.flushed(id, max(appended, entries))
    }
}

/// How many entries of each transfer this process appended, and how many of them are known to last.
final class ManifestMarks: Sendable {
    private let state = Mutex<[TransferID: (appended: UInt64, lasting: UInt64)]>([:])

    /// They are committed.
    func appended(_ id: TransferID, _ count: UInt64) { state.withLock { $0[id, default: (0, 0)].appended = count } }

    func isDue(_ id: TransferID, through entries: UInt64) -> Bool {
        state.withLock { ($0[id]?.lasting ?? 0) < entries }
    }

    /// Zero where a process before this one appended them.
    func appended(_ id: TransferID) -> UInt64 { state.withLock { $0[id]?.appended ?? 0 } }

    func flushed(_ id: TransferID, _ entries: UInt64) {
        state.withLock { state in
            let mark = state[id, default: (0, 0)]
            state[id] = (mark.appended, max(mark.lasting, entries))
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
