import CPosix
import Glibc
import MeshTransfer
import MeshWire

/// Reads the `.pmeshignore` of a folder.
enum IgnoreFile {
    /// The name of the files that hold patterns for the folder they lie in and those below it.
    static let name = Array(".pmeshignore".utf8)
    /// Bytes of such a file at most.
    static let limit = 1024 * 1024

    /// What `folder`, whose path in the transfer is `path`, says is left out. Its names include that of the file.
    ///
    /// A link is followed, wherever it leads: a team keeps one to its `.gitignore`. The file is read and nothing else.
    static func patterns(in folder: Folder, path: [[UInt8]]) throws(IgnoreFault) -> IgnorePatterns {
        let path = Array((path + [name]).joined(separator: [UInt8(ascii: "/")]))
        return try IgnorePatterns(text: text(in: folder, path: path), of: path)
    }

    private static func text(in folder: Folder, path: [UInt8]) throws(IgnoreFault) -> [UInt8] {
        let text: [UInt8]?
        do throws(SystemError) {
            // A device must not be opened, which can do something to it; a fifo must not stop the thread.
            let isFile = try folder.openFollowing(name, mesh_o_path).status().kind == .file
            let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
            text = try isFile ? folder.openFollowing(name, flags).readAll(limit: limit + 1) : nil
        } catch {
            throw IgnoreFault(.file(path), cause(error, path))
        }
        guard let text else { throw IgnoreFault(.file(path), .notAFile) }
        guard text.count <= limit else { throw IgnoreFault(.file(path), .tooLarge(limit: limit)) }
        return text
    }

    private static func cause(_ error: SystemError, _ path: [UInt8]) -> IgnoreFault.Cause {
        switch error.code {
        case ENOENT, ELOOP, ENOTDIR: .dangling
        case EISDIR, ENXIO, ENODEV: .notAFile
        default: .unreadable(DiskError(error, path: path))
        }
    }
}
