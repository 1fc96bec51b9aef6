import MeshWire

import struct Crypto.SHA256

/// Hashes pieces of files again, one buffer for all of them.
struct PieceReader: ~Copyable {
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.chunk, alignment: 4_096)

    deinit { buffer.deallocate() }

    /// The SHA-256 of the `length` bytes that `fill` puts into the region it is given; `length` is a chunk's at most.
    mutating func digest<E: Error>(
        length: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void
    ) throws(E) -> Digest? {
        let region = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(length))
        try fill(region)
        var hasher = SHA256()
        hasher.update(bufferPointer: UnsafeRawBufferPointer(region))
        return Digest(hasher.finalize())
    }
}
