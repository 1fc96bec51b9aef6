import Glibc
package import MeshTransfer
package import MeshWire

import struct Crypto.SHA256

/// Why a file that is read again is not what it was.
package enum FileFault: Error, Hashable, Sendable {
    /// Nothing is there, or something that is no file.
    case missing
    /// Some of these bytes differ: those of a chunk, or of what is missing or too much.
    case damaged(Range<UInt64>)
    /// The system's words.
    case unreadable(String)

    init(_ error: SystemError) {
        self =
            switch error.code {
            // ELOOP: a link in the file's place. ENXIO: a socket.
            case ENOENT, ENOTDIR, ELOOP, ENXIO: .missing
            case EACCES: .unreadable("no permission")
            default: .unreadable(String(cString: strerror(error.code)))
            }
    }
}

/// A file that is read again, to be compared with the digests of its chunks. Blocks.
package final class CheckedFile: Sendable {
    private let descriptor: Descriptor

    /// Never through a link in the file's place, and never waiting: another program may have put a pipe there. Throws where
    /// there is no file of `size` bytes.
    package init(_ path: [UInt8], size: UInt64) throws(FileFault) {
        let status: FileStatus
        do {
            let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
            descriptor = Descriptor(try attempt("open") { path.withPath { Int(open($0, flags)) } })
            status = try descriptor.status()
        } catch { throw FileFault(error) }
        guard status.kind == .file else { throw .missing }
        guard status.size == size else { throw .damaged(min(status.size, size)..<max(status.size, size)) }
    }

    /// Compares chunks with `digests`, those of the file's chunks from number `first` (0 is the file's own first) on.
    package func check(_ plan: FilePlan, from first: UInt64, _ digests: [Digest]) throws(FileFault) {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.chunkSize, alignment: 4_096)
        defer { room.deallocate() }
        for (index, digest) in digests.enumerated() {
            let (offset, length) = plan.extent(of: plan.chunks.lowerBound + first + UInt64(index))
            let count: Int
            do {
                count = try descriptor.read(into: [iovec(iov_base: room.baseAddress, iov_len: length)], at: offset)
            } catch { throw FileFault(error) }
            var hasher = SHA256()
            hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: room.prefix(count)))
            guard count == length, Digest(hasher.finalize()) == digest else {
                throw .damaged(offset..<offset + UInt64(length))
            }
        }
    }
}

/// Paths as the system sees them.
package enum SystemPath {
    /// The path without links and `..`; nil where nothing is there, or it may not be looked at.
    package static func resolved(_ path: [UInt8]) -> [UInt8]? {
        path.withPath { realpath($0, nil) }.map { text in
            defer { free(text) }
            return Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
        }
    }
}
