// Station 4, upwards: the lane (MeshTransport) feeds what it decrypted, whole frames come out for `ReceiveSession` or
// `SendSession` (MeshTransfer) to decide on. Sequential per lane. Payloads are slices of the lane's buffers: nothing
// is joined.
package import NIOCore

/// A chunk as it arrived: its header, and its payload in as many slices as the socket made of it.
package struct InboundChunk: Sendable {
    package var stream: UInt16
    package var header: ChunkHeader
    /// `header.encodedLength` bytes in all.
    package var payload: [ByteBuffer]
    /// Bytes it took on the lane, headers included: what the receiver gives back once the payload is freed.
    package var cost: Int

    package init(stream: UInt16, header: ChunkHeader, payload: [ByteBuffer], cost: Int) {
        self.stream = stream
        self.header = header
        self.payload = payload
        self.cost = cost
    }

    /// Neighbours below this many bytes are joined: a peer that sends a chunk byte by byte would otherwise have us hold
    /// millions of slices. 4 MiB then lie in at most 513 of them.
    private static let joined = 16 * 1024

    fileprivate mutating func append(_ slice: ByteBuffer) {
        let end = payload.count - 1
        if end >= 0, slice.readableBytes < Self.joined, payload[end].readableBytes < Self.joined {
            payload[end].writeImmutableBuffer(slice)
        } else {
            payload.append(slice)
        }
    }
}

/// One whole frame of a lane, or one whole chunk.
package enum InboundFrame: Sendable {
    case message(stream: UInt16, ByteBuffer)
    case acknowledgement(stream: UInt16, ByteBuffer)
    case handshake(ByteBuffer)
    case test(ByteBuffer)
    case chunk(InboundChunk)
}

/// Cuts a lane's byte stream into frames and puts the fragments of each chunk together.
package struct FrameDecoder {
    /// Chunks of different streams that may be under way on one lane: 2 × 4 MiB bound what a peer can make us hold before
    /// credit counts it.
    private static let openChunks = 2

    private enum Step {
        case header
        case body(FrameHeader, ByteBuffer)
        case fragment(FrameHeader, rest: Int)
    }

    private var step = Step.header
    private var limit = Limits.beforeHandshake
    private var handshaken = false
    private var input = ByteBuffer()
    private var partial = ByteBuffer()
    private var open: [UInt16: InboundChunk] = [:]
    private var missing: [UInt16: Int] = [:]

    package init() {}

    /// After the handshake frames of their full size and of every kind are allowed.
    package mutating func handshakeCompleted() {
        handshaken = true
        limit = Limits.message
    }

    /// Takes bytes as they were decrypted. Call `next()` until it answers nil before feeding more.
    package mutating func feed(_ bytes: ByteBuffer) {
        precondition(input.readableBytes == 0, "fed before the last bytes were consumed")
        input = bytes
    }

    /// The next whole frame or chunk, or nil when more bytes are needed.
    package mutating func next() throws(WireError) -> InboundFrame? {
        while true {
            switch step {
            case .header:
                guard let header = try readHeader() else { return nil }
                guard handshaken || header.kind == .handshake else { throw .invalid("frame before the handshake") }
                step =
                    header.kind == .fragment
                    ? .fragment(header, rest: header.length) : .body(header, ByteBuffer())
                if header.kind == .fragment { try begin(header) }
            case .body(let header, var collected):
                step = .header  // releases the state's reference, so that appending below does not copy
                Self.take(header.length - collected.readableBytes, from: &input, into: &collected)
                guard collected.readableBytes == header.length else {
                    step = .body(header, collected)
                    return nil
                }
                return whole(header, collected)
            case .fragment(let header, let rest):
                guard let chunk = try continueFragment(header, rest: rest) else {
                    if case .header = step { continue }
                    return nil
                }
                return .chunk(chunk)
            }
        }
    }

    private mutating func readHeader() throws(WireError) -> FrameHeader? {
        Self.take(FrameHeader.size - partial.readableBytes, from: &input, into: &partial)
        guard partial.readableBytes == FrameHeader.size else { return nil }
        let header = try FrameHeader(reading: &partial, limit: limit)
        partial.clear()
        return header
    }

    private static func take(_ count: Int, from input: inout ByteBuffer, into target: inout ByteBuffer) {
        guard var slice = input.readSlice(length: min(count, input.readableBytes)) else { return }
        if target.readableBytes == 0 && slice.readableBytes == count {
            target = slice
        } else {
            target.writeBuffer(&slice)
        }
    }

    private func whole(_ header: FrameHeader, _ payload: ByteBuffer) -> InboundFrame {
        switch header.kind {
        case .message: .message(stream: header.stream, payload)
        case .acknowledgement: .acknowledgement(stream: header.stream, payload)
        case .handshake: .handshake(payload)
        case .test: .test(payload)
        case .fragment: preconditionFailure("fragments are not collected as whole frames")
        }
    }

    private func begin(_ header: FrameHeader) throws(WireError) {
        let isFirst = header.flags & FrameHeader.first != 0
        guard isFirst == (missing[header.stream] == nil) else { throw .invalid("order of chunk fragments") }
        guard !isFirst || header.length >= ChunkHeader.size else { throw .truncated("chunk header") }
        guard !isFirst || missing.count < Self.openChunks else { throw .invalid("number of chunks under way") }
        guard isFirst || header.length > 0 else { throw .invalid("empty chunk fragment") }
    }

    /// Moves what is there of a fragment into its chunk. Nil with `step` at `.header`: the fragment is whole, the chunk
    /// is not; nil otherwise: more bytes are needed.
    private mutating func continueFragment(_ header: FrameHeader, rest: Int) throws(WireError) -> InboundChunk? {
        var rest = rest
        if missing[header.stream] == nil {
            Self.take(ChunkHeader.size - partial.readableBytes, from: &input, into: &partial)
            guard partial.readableBytes == ChunkHeader.size else { return nil }
            let chunk = try ChunkHeader(reading: &partial)
            partial.clear()
            rest -= ChunkHeader.size
            missing[header.stream] = chunk.encodedLength
            let cost = FrameEncoder.cost(payload: chunk.encodedLength)
            open[header.stream] = InboundChunk(stream: header.stream, header: chunk, payload: [], cost: cost)
            step = .fragment(header, rest: rest)
        }
        guard rest <= missing[header.stream] ?? 0 else { throw .invalid("length of a chunk fragment") }
        if rest > 0 {
            guard let slice = input.readSlice(length: min(rest, input.readableBytes)), slice.readableBytes > 0
            else { return nil }
            open[header.stream]?.append(slice)
            missing[header.stream]? -= slice.readableBytes
            rest -= slice.readableBytes
            guard rest == 0 else {
                step = .fragment(header, rest: rest)
                return nil
            }
        }
        step = .header
        return try finish(header)
    }

    private mutating func finish(_ header: FrameHeader) throws(WireError) -> InboundChunk? {
        let isWhole = missing[header.stream] == 0
        guard isWhole == (header.flags & FrameHeader.last != 0) else { throw .invalid("end of a chunk") }
        guard isWhole else { return nil }
        missing[header.stream] = nil
        return open.removeValue(forKey: header.stream)
    }
}
