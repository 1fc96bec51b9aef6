// Station 4, downwards: `ChunkEncoder` (MeshTransfer) fills the payload regions, this lays the frames around them, and
// the lane (MeshTransport) writes the buffer out fragment by fragment. Sequential per lane.
package import NIOCore

/// Lays a chunk out as fragments in one buffer, so that its bytes are read from disk to where the socket takes them.
///
/// ```
/// | frame header | chunk header | payload … | frame header | payload … | …
/// |<- 8 bytes  ->|<- 49 bytes ->|           |
///                |<-     at most 128 KiB  ->|
/// ```
/// The regions of a shorter payload are a prefix of those of a longer one: a deflated chunk is laid out for its plain
/// length and cut where the stream ended.
package enum FrameEncoder {
    /// Payload bytes of a chunk that its first fragment holds.
    package static let firstCapacity = Limits.fragment - ChunkHeader.size

    /// Bytes on the lane of a chunk with `payload` encoded bytes, headers included; the unit of lane credit.
    package static func cost(payload: Int) -> Int {
        let more = payload <= firstCapacity ? 0 : (payload - firstCapacity + Limits.fragment - 1) / Limits.fragment
        return FrameHeader.size + ChunkHeader.size + payload + more * FrameHeader.size
    }

    /// Where, from the buffer's first byte, a chunk's payload bytes lie.
    package static func regions(payload: Int) -> [Range<Int>] {
        var regions: [Range<Int>] = []
        var start = FrameHeader.size + ChunkHeader.size
        var rest = payload
        var capacity = firstCapacity
        while rest > 0 {
            let count = min(rest, capacity)
            regions.append(start..<start + count)
            start += count + FrameHeader.size
            rest -= count
            capacity = Limits.fragment
        }
        return regions
    }

    /// Writes all headers of a chunk whose payload already lies in its regions, the first at `start`.
    package static func frame(_ header: ChunkHeader, stream: UInt16, in buffer: inout ByteBuffer, at start: Int) {
        var index = start
        var rest = header.encodedLength
        var isFirst = true
        repeat {
            let capacity = isFirst ? firstCapacity : Limits.fragment
            let count = min(rest, capacity)
            rest -= count
            let flags = (isFirst ? FrameHeader.first : 0) | (rest == 0 ? FrameHeader.last : 0)
            let length = count + (isFirst ? ChunkHeader.size : 0)
            FrameHeader(kind: .fragment, flags: flags, stream: stream, length: length).set(in: &buffer, at: index)
            if isFirst { header.set(in: &buffer, at: index + FrameHeader.size) }
            index += FrameHeader.size + length
            isFirst = false
        } while rest > 0
    }

    /// A whole frame of any other kind. Precondition: `payload` is within `Limits.message`, which those who build
    /// messages ensure by paging.
    package static func frame(_ kind: FrameKind, stream: UInt16, payload: ByteBuffer) -> ByteBuffer {
        precondition(
            payload.readableBytes <= Limits.message, "a message of \(payload.readableBytes) bytes was not paged")
        var buffer = ByteBufferAllocator().buffer(capacity: FrameHeader.size + payload.readableBytes)
        FrameHeader(kind: kind, stream: stream, length: payload.readableBytes).write(into: &buffer)
        buffer.writeImmutableBuffer(payload)
        return buffer
    }
}
