import Glibc
import NIOCore

/// The bytes of several buffers as one run, without joining them. The buffers' storage is held until it is gone.
struct ScatteredBytes: ~Copyable {
    private var vectors: [iovec] = []
    private var owners: [Unmanaged<AnyObject>] = []
    /// Bytes in all.
    private(set) var count = 0

    /// Blocks that can become holes: the page size of most file systems.
    static let block = 4_096

    init(_ buffers: [ByteBuffer]) {
        vectors.reserveCapacity(buffers.count)
        owners.reserveCapacity(buffers.count)
        for buffer in buffers where buffer.readableBytes > 0 {
            buffer.withUnsafeReadableBytesWithStorageManagement { bytes, owner in
                let base = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                vectors.append(iovec(iov_base: base, iov_len: bytes.count))
                owners.append(owner.retain())
            }
            count += buffer.readableBytes
        }
    }

    deinit {
        for owner in owners { owner.release() }
    }

    /// Where the bytes of `range` lie.
    func vectors(_ range: Range<Int>) -> [iovec] {
        if range == 0..<count { return vectors }
        var result: [iovec] = []
        forEachPiece(of: range) { base, length in
            result.append(iovec(iov_base: UnsafeMutableRawPointer(mutating: base), iov_len: length))
            return true
        }
        return result
    }

    /// The runs that are not zero when the bytes lie at `offset` of a file, cut at its blocks. One chunk has at most
    /// 4 MiB, so there are at most 512.
    func dataRuns(at offset: UInt64) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var start = 0
        while start < count {
            let untilBlock = Self.block - Int((offset + UInt64(start)) % UInt64(Self.block))
            let end = min(count, start + untilBlock)
            if !isZero(start..<end) {
                if let last = runs.last, last.upperBound == start {
                    runs[runs.count - 1] = last.lowerBound..<end
                } else {
                    runs.append(start..<end)
                }
            }
            start = end
        }
        return runs
    }

    private func isZero(_ range: Range<Int>) -> Bool {
        var result = true
        forEachPiece(of: range) { base, length in
            // Equal to itself one byte further on, and zero at the front.
            let first = base.load(as: UInt8.self)
            result = first == 0 && memcmp(base, base + 1, length - 1) == 0
            return result
        }
        return result
    }

    /// Calls `body` with address and length of what `range` consists of until it answers false.
    private func forEachPiece(of range: Range<Int>, _ body: (UnsafeRawPointer, Int) -> Bool) {
        var start = 0
        for vector in vectors {
            let piece = range.clamped(to: start..<start + vector.iov_len)
            if !piece.isEmpty, let base = vector.iov_base {
                guard body(UnsafeRawPointer(base) + (piece.lowerBound - start), piece.count) else { return }
            }
            start += vector.iov_len
            if start >= range.upperBound { return }
        }
    }
}
