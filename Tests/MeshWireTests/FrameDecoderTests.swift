import MeshWire
import NIOCore
import Testing

/// A decoder's frames as text, with what it refused at the end.
@Suite struct FrameDecoderTests {
    private func text(_ frame: InboundFrame) -> String {
        switch frame {
        case .message(let stream, let payload): "message \(stream): \(array(payload))"
        case .acknowledgement(let stream, let payload): "acknowledgement \(stream): \(array(payload))"
        case .handshake(let payload): "handshake: \(array(payload))"
        case .test(let payload): "test: \(array(payload))"
        case .chunk(let chunk):
            "chunk \(chunk.header.number) on \(chunk.stream), \(chunk.cost) bytes: \(digest(of: chunk))"
        }
    }

    /// Length and hash of the payload.
    private func digest(of chunk: InboundChunk) -> String {
        let payload = chunk.payload.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }
        return "\(payload.readableBytes) \(payload.hashValue)"
    }

    /// Feeds `bytes` in slices whose lengths `cut` says; answers frames, and the error that ended it.
    private func decode(_ bytes: ByteBuffer, isOpen: Bool = true, cut: () -> Int = { .max }) -> [String] {
        var decoder = FrameDecoder()
        if isOpen { decoder.handshakeCompleted() }
        var rest = bytes
        var lines: [String] = []
        do throws(WireError) {
            while rest.readableBytes > 0, let slice = rest.readSlice(length: min(cut(), rest.readableBytes)) {
                decoder.feed(slice)
                while let frame = try decoder.next() { lines.append(text(frame)) }
            }
        } catch {
            lines.append("\(error)")
        }
        return lines
    }

    private static let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    /// A chunk's frames.
    private func chunk(_ number: UInt64, stream: UInt16, length: Int) -> ByteBuffer {
        var buffer = ByteBuffer(repeating: 0, count: FrameEncoder.cost(payload: length))
        var taken = 0
        for region in FrameEncoder.regions(payload: length) {
            buffer.setBytes(Self.content[taken..<taken + region.count], at: region.lowerBound)
            taken += region.count
        }
        let header = ChunkHeader(
            number: number, encoding: .raw, rawLength: length, encodedLength: length, digest: counting)
        FrameEncoder.frame(header, stream: stream, in: &buffer, at: 0)
        return buffer
    }

    /// One fragment with everything as given.
    private func fragment(
        _ flags: UInt8, stream: UInt16 = 1, header: ChunkHeader? = nil, payload count: Int, length: Int? = nil
    ) -> ByteBuffer {
        var body = ByteBuffer()
        if let header {
            body.writeRepeatingByte(0, count: ChunkHeader.size)
            header.set(in: &body, at: 0)
        }
        body.writeRepeatingByte(7, count: count)
        var buffer = ByteBuffer()
        FrameHeader(kind: .fragment, flags: flags, stream: stream, length: length ?? body.readableBytes).write(
            into: &buffer)
        buffer.writeImmutableBuffer(body)
        return buffer
    }

    private func header(_ length: Int) -> ChunkHeader {
        ChunkHeader(number: 5, encoding: .raw, rawLength: length, encodedLength: length, digest: counting)
    }

    private func joined(_ buffers: ByteBuffer...) -> ByteBuffer {
        buffers.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }
    }

    /// One of everything; two chunks of several fragments are interleaved.
    private var conversation: ByteBuffer {
        var (left, right) = (chunk(1, stream: 3, length: 300_000), chunk(2, stream: 4, length: 140_000))
        func next(_ buffer: inout ByteBuffer) -> ByteBuffer {
            let length: UInt32 = buffer.getInteger(at: buffer.readerIndex + 4)!
            return buffer.readSlice(length: FrameHeader.size + Int(length))!
        }
        return joined(
            FrameEncoder.frame(.message, stream: 9, payload: buffer("0a 05")), next(&left), next(&right),
            FrameEncoder.frame(.test, stream: 0, payload: buffer("04")), next(&left), next(&right),
            FrameEncoder.frame(.acknowledgement, stream: 9, payload: ByteBuffer()), next(&left),
            chunk(7, stream: 3, length: 1), FrameEncoder.frame(.handshake, stream: 0, payload: buffer("04 0001")))
    }

    @Test func framesComeOutInTheOrderTheyEnd() {
        func content(_ count: Int) -> String { "\(count) \(ByteBuffer(bytes: Self.content.prefix(count)).hashValue)" }
        #expect(
            decode(conversation) == [
                "message 9: [10, 5]", "test: [4]", "chunk 2 on 4, 140065 bytes: \(content(140_000))",
                "acknowledgement 9: []", "chunk 1 on 3, 300073 bytes: \(content(300_000))",
                "chunk 7 on 3, 58 bytes: \(content(1))", "handshake: [4, 0, 1]",
            ])
    }

    @Test func howTheBytesAreCutDoesNotMatter() {
        let conversation = conversation
        let whole = decode(conversation)
        #expect(whole.count == 7)
        for length in [1, 8, 9, 57, 1_000, 16_384] { #expect(decode(conversation, cut: { length }) == whole) }
        var random = Seeded(6)
        for _ in 0..<30 {
            let most = Int.random(in: 100...100_000, using: &random)
            #expect(decode(conversation, cut: { Int.random(in: 1...most, using: &random) }) == whole)
        }
    }

    @Test func aChunkIsWholeOnlyWithItsLastByte() {
        let frames = chunk(1, stream: 1, length: 140_000)
        for count in [0, 1, 7, 8, 56, 57, 131_079, 131_080, 131_088, frames.readableBytes - 1] {
            #expect(decode(frames.getSlice(at: 0, length: count)!) == [])
        }
        #expect(decode(frames).count == 1)
    }

    @Test func aChunkThatArrivesByteByByteIsHeldInFewSlices() throws {
        var frames = chunk(1, stream: 1, length: 300_000)
        var decoder = FrameDecoder()
        decoder.handshakeCompleted()
        while let slice = frames.readSlice(length: 1) {
            decoder.feed(slice)
            guard case .chunk(let chunk) = try decoder.next() else { continue }
            #expect(chunk.payload.count <= 40)
            return #expect(chunk.payload.reduce(0) { $0 + $1.readableBytes } == 300_000)
        }
        #expect(Bool(false), "no chunk came out")
    }

    @Test func aHoleIsAFragmentWithoutPayload() {
        let hole = ChunkHeader(number: 5, encoding: .zero, rawLength: 9, encodedLength: 0, digest: counting)
        let lines = decode(fragment(3, header: hole, payload: 0))
        #expect(lines.map { $0.prefix { $0 != ":" } } == ["chunk 5 on 1, 57 bytes"])
    }

    @Test func beforeTheHandshakeNothingElseIsTaken() {
        let hello = FrameEncoder.frame(.handshake, stream: 0, payload: buffer("04 0001"))
        #expect(decode(hello, isOpen: false) == ["handshake: [4, 0, 1]"])
        for kind in FrameKind.allCases where kind != .handshake {
            let early = joined(hello, FrameEncoder.frame(kind, stream: 0, payload: ByteBuffer()))
            #expect(
                decode(early, isOpen: false)
                    == ["handshake: [4, 0, 1]", "the peer sent an invalid frame before the handshake"])
        }
        let long = FrameEncoder.frame(.handshake, stream: 0, payload: ByteBuffer(repeating: 0, count: 4_097))
        #expect(decode(long, isOpen: false) == ["the peer sent a frame of 4097, more than the limit of 4096"])
        #expect(decode(long).count == 1)
    }

    @Test func fragmentsOutOfOrderAreRefused() {
        let order = "the peer sent an invalid order of chunk fragments"
        // A piece of nothing; a beginning within a chunk.
        #expect(decode(fragment(0, payload: 10)) == [order])
        #expect(decode(fragment(2, payload: 10)) == [order])
        #expect(
            decode(joined(fragment(1, header: header(100), payload: 10), fragment(1, header: header(100), payload: 10)))
                == [order])
        // After its last a chunk has no more.
        let whole = fragment(3, header: header(10), payload: 10)
        let lines = decode(joined(whole, fragment(0, payload: 1)))
        #expect(lines.count == 2)
        #expect(lines.last == order)
    }

    @Test func fragmentsThatDoNotAddUpAreRefused() {
        let length = "the peer sent an invalid length of a chunk fragment"
        let end = "the peer sent an invalid end of a chunk"
        #expect(decode(fragment(3, header: header(10), payload: 11)) == [length])
        #expect(decode(fragment(3, header: header(10), payload: 9)) == [end])
        #expect(decode(fragment(1, header: header(10), payload: 10)) == [end])
        let begun = fragment(1, header: header(20), payload: 10)
        #expect(decode(joined(begun, fragment(2, payload: 11))) == [length])
        #expect(decode(joined(begun, fragment(2, payload: 9))) == [end])
        #expect(decode(joined(begun, fragment(0, payload: 10))) == [end])
        #expect(decode(joined(begun, fragment(0, payload: 0))) == ["the peer sent an invalid empty chunk fragment"])
        #expect(decode(joined(begun, fragment(0, payload: 9), fragment(2, payload: 1))).count == 1)
    }

    @Test func aFirstFragmentHoldsItsHeader() {
        #expect(decode(fragment(3, payload: 48)) == ["the peer sent a truncated chunk header"])
        let bad = ChunkHeader(number: 1 << 40, encoding: .raw, rawLength: 1, encodedLength: 1, digest: counting)
        #expect(
            decode(fragment(3, header: bad, payload: 1))
                == ["the peer sent a chunk number of 1099511627776, more than the limit of 1099511627775"])
        #expect(
            decode(fragment(0, payload: 0, length: Limits.fragment + 1))
                == ["the peer sent a frame of 131073, more than the limit of 131072"])
    }

    @Test func twoChunksMayBeUnderWay() {
        func begun(_ stream: UInt16) -> ByteBuffer { fragment(1, stream: stream, header: header(9), payload: 1) }
        #expect(decode(joined(begun(0), begun(1))) == [])
        #expect(
            decode(joined(begun(0), begun(1), begun(2))) == ["the peer sent an invalid number of chunks under way"])
        let ended = fragment(2, stream: 0, payload: 8)
        #expect(decode(joined(begun(0), begun(1), ended, begun(2))).count == 1)
    }

    @Test func noiseNeverCrashes() {
        var random = Seeded(8)
        let beginnings = [array(chunk(1, stream: 1, length: 40)), array(conversation.getSlice(at: 0, length: 200)!)]
        for round in 0..<2_000 {
            var noise = beginnings[round % 2]
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                noise[Int.random(in: noise.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = decode(ByteBuffer(bytes: noise), isOpen: round % 3 > 0, cut: { Int.random(in: 1...50, using: &random) })
        }
    }
}
