package import MeshWire
import NIOCore

// Stations 3 and 2, upwards: `ReceiveSession` said that these chunks are wanted; this inflates within bounds, verifies,
// and has `ChunkSink` write. One job of the thread pool; several run in parallel. The session commits and acknowledges.
import struct Crypto.SHA256

/// One chunk to be verified and written.
package struct ChunkArrival: Sendable {
    package var entry: ReceivedEntry
    package var offset: UInt64
    package var chunk: InboundChunk
    /// Whose credit its buffers hold.
    package var lane: LaneName

    package init(entry: ReceivedEntry, offset: UInt64, chunk: InboundChunk, lane: LaneName) {
        self.entry = entry
        self.offset = offset
        self.chunk = chunk
        self.lane = lane
    }
}

/// What became of one chunk.
package enum StoreOutcome: Sendable, Hashable {
    /// Verified, and handed to the file system in this part.
    case written(PartIdentity)
    /// Its bytes do not have the digest that came with them, or do not inflate to their length.
    case corrupt
    /// Verified, but the disk did not take it.
    case failed(DiskError)

    package var error: DiskError? {
        switch self {
        case .failed(let error): error
        case .written, .corrupt: nil
        }
    }
}

package struct ChunkDecoder: ~Copyable {
    private var inflater: Inflater?

    package init() {}

    package mutating func store(_ arrival: ChunkArrival, sink: some ChunkSink) -> StoreOutcome {
        let header = arrival.chunk.header
        guard let slices = plain(arrival.chunk), Self.digest(slices, header) == header.digest else { return .corrupt }
        do {
            return .written(
                try sink.write(arrival.entry, offset: arrival.offset, length: header.rawLength, slices: slices))
        } catch {
            return .failed(error)
        }
    }

    /// The plain bytes in slices; none for a hole; nil where they do not inflate.
    private mutating func plain(_ chunk: InboundChunk) -> [ByteBuffer]? {
        switch chunk.header.encoding {
        case .raw: return chunk.payload
        case .zero: return []
        case .zlib: return inflate(chunk).map { [$0] }
        }
    }

    private mutating func inflate(_ chunk: InboundChunk) -> ByteBuffer? {
        if inflater == nil { inflater = Inflater() }
        let length = chunk.header.rawLength
        var plain = ByteBufferAllocator().buffer(capacity: length)
        var isWhole = false
        plain.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
            let region = UnsafeMutableRawBufferPointer(rebasing: target.prefix(length))
            isWhole = Self.withPointers(chunk.payload[...], []) { inflater?.inflate($0, into: region) ?? false }
            return length
        }
        return isWhole ? plain : nil
    }

    /// Calls `body` with the memory of all slices at once; a chunk has at most a few hundred.
    private static func withPointers<R>(
        _ slices: ArraySlice<ByteBuffer>, _ pointers: [UnsafeRawBufferPointer], _ body: ([UnsafeRawBufferPointer]) -> R
    ) -> R {
        guard let first = slices.first else { return body(pointers) }
        return first.withUnsafeReadableBytes { withPointers(slices.dropFirst(), pointers + [$0], body) }
    }

    private static func digest(_ slices: [ByteBuffer], _ header: ChunkHeader) -> Digest? {
        if header.encoding == .zero { return ZeroRun.digest(header.rawLength) }
        var hasher = SHA256()
        for slice in slices { slice.withUnsafeReadableBytes { hasher.update(bufferPointer: $0) } }
        return Digest(hasher.finalize())
    }
}
