import Glibc
import MeshTransfer
import MeshWire

import struct Crypto.SHA256

/// A file that is read again to be compared with its digests.
final class CheckedFile: Sendable {
    private let descriptor: Int32
    let size: UInt64

    /// What opening a path came to.
    enum Opening: Sendable {
        case open(CheckedFile)
        /// Nothing is there, or something that is no file.
        case missing
        case unreadable(String)
    }

    /// Never through a link in the file's place, and never waiting: another program may have put a pipe there.
    static func open(_ path: [UInt8]) -> Opening {
        let (descriptor, reason) = withPath(path) {
            let descriptor = Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            return (descriptor, errno)
        }
        guard descriptor >= 0 else {
            // ELOOP: it is a link. ENXIO: a socket.
            return [ENOENT, ENOTDIR, ELOOP, ENXIO].contains(reason) ? .missing : .unreadable(words(of: reason))
        }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else {
            defer { close(descriptor) }
            return .unreadable(words(of: errno))
        }
        guard info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return .missing
        }
        return .open(CheckedFile(descriptor, size: UInt64(info.st_size)))
    }

    /// Whether anything has this name.
    static func isThere(_ path: [UInt8]) -> Bool {
        var info = stat()
        return withPath(path) { lstat($0, &info) } == 0
    }

    /// The path without links and `..`; nil where nothing is there.
    static func realPath(_ path: [UInt8]) -> [UInt8]? {
        withPath(path) { realpath($0, nil) }.map { text in
            defer { free(text) }
            return Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
        }
    }

    private static func withPath<Result>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (path + [0]).withUnsafeBytes { body($0.assumingMemoryBound(to: CChar.self).baseAddress!) }
    }

    private static func words(of reason: Int32) -> String {
        reason == EACCES ? "no permission" : String(cString: strerror(reason))
    }

    private init(_ descriptor: Int32, size: UInt64) {
        self.descriptor = descriptor
        self.size = size
    }

    deinit { close(descriptor) }

    /// What is wrong with the first chunk that is not as it was, or nil. `digests`: of the file's chunks from number `first`
    /// (0 is the file's own first) on.
    func firstFault(_ plan: FilePlan, from first: UInt64, _ digests: [Bytes32]) -> VerifiedFile.Verdict? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.chunkSize, alignment: 4_096)
        defer { buffer.deallocate() }
        for (index, digest) in digests.enumerated() {
            let (offset, length) = plan.extent(of: plan.chunks.lowerBound + first + UInt64(index))
            let count = pread(descriptor, buffer.baseAddress, length, off_t(offset))
            guard count >= 0 else { return .unreadable(Self.words(of: errno)) }
            var hasher = SHA256()
            hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer.prefix(count)))
            guard count == length, Bytes32(hasher.finalize()) == digest else { return .damaged(at: offset) }
        }
        return nil
    }
}
