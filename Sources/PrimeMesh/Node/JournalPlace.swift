import Glibc
import MeshDisk

/// The journal's path as text, which is all that the wrapper of SQLite takes. A home whose name is no text is opened, and
/// named by its descriptor (proc(5)): SQLite looks through that link and finds the bytes.
final class JournalPlace: Sendable {
    let path: String
    private let folder: Int32

    /// `home`'s folders exist.
    init(_ home: NodeHome) throws(MeshError) {
        if let text = String(validating: home.journal, as: UTF8.self) {
            path = text
            folder = -1
            return
        }
        folder = home.state.withPath { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        path = "/proc/self/fd/\(folder)/journal.sqlite"
        guard folder >= 0 else {
            throw MeshError(.disk, "cannot open the folder of the journal: choose another --home")
        }
    }

    deinit {
        if folder >= 0 { close(folder) }
    }
}
