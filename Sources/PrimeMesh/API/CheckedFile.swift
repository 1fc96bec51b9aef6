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

    /// Never through a link, and never waiting: another program may have put a pipe there.
    static func open(_ path: [UInt8]) -> Opening {
        let descriptor = (path + [0]).withUnsafeBytes {
            Glibc.open(
                $0.assumingMemoryBound(to: CChar.self).baseAddress!, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        }
        guard descriptor >= 0 else {
            // ELOOP: the last component is a link.
            let reason = errno
            return [ENOENT, ENOTDIR, ELOOP].contains(reason)
                ? .missing : .unreadable(reason == EACCES ? "no permission" : String(cString: strerror(reason)))
        }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return .missing
        }
        return .open(CheckedFile(descriptor, size: UInt64(info.st_size)))
    }

    private init(_ descriptor: Int32, size: UInt64) {
        self.descriptor = descriptor
        self.size = size
    }

    deinit { close(descriptor) }

    /// The offset of the first chunk whose digest is another, or nil. `digests`: of the file's chunks from number `first`
    /// (0 is the file's own first) on.
    func firstMismatch(_ plan: FilePlan, from first: UInt64, _ digests: [Bytes32]) -> UInt64? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.chunkSize, alignment: 4_096)
        defer { buffer.deallocate() }
        for (index, digest) in digests.enumerated() {
            let (offset, length) = plan.extent(of: plan.chunks.lowerBound + first + UInt64(index))
            guard pread(descriptor, buffer.baseAddress, length, off_t(offset)) == length else { return offset }
            var hasher = SHA256()
            hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer.prefix(length)))
            guard Bytes32(hasher.finalize()) == digest else { return offset }
        }
        return nil
    }
}
