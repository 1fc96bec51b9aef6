import MeshWire
import NIOCore
import Testing

@testable import MeshChannel

extension LaneOutbox {
    struct NothingCame: Error {}

    fileprivate mutating func some() throws -> ByteBuffer {
        guard let buffer = next() else { throw NothingCame() }
        return buffer
    }
}

@Suite struct LaneOutboxTests {
    /// Bytes with a long period, so that no mix-up stays unseen.
    private static let pattern: [UInt8] = {
        let block = (0..<65_537).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 4) }
        var pattern: [UInt8] = []
        while pattern.count < 5 * 1024 * 1024 { pattern += block }
        return pattern
    }()

    /// A chunk whose payload begins at its number in the pattern.
    private func chunk(_ number: UInt64, payload: Int) -> ByteBuffer {
        var buffer = ByteBuffer(repeating: 0, count: FrameEncoder.cost(payload: payload))
        for region in FrameEncoder.regions(payload: payload) {
            let start = region.lowerBound + Int(number)
            buffer.setBytes(Self.pattern[start..<start + region.count], at: region.lowerBound)
        }
        let header = ChunkHeader(
            number: number, encoding: .raw, rawLength: payload, encodedLength: payload, digest: Bytes32())
        FrameEncoder.frame(header, stream: 1, in: &buffer, at: 0)
        return buffer
    }

    private func message(_ text: String) -> ByteBuffer {
        FrameEncoder.frame(.message, stream: 1, payload: ByteBuffer(string: text))
    }

    private func message(bytes: Int) -> ByteBuffer {
        FrameEncoder.frame(.message, stream: 1, payload: ByteBuffer(repeating: 7, count: bytes))
    }

    /// Writes everything out, whole frames each time, and says how large the buffers were.
    private func drain(_ outbox: inout LaneOutbox) -> (bytes: ByteBuffer, sizes: [Int]) {
        var bytes = ByteBuffer()
        var sizes: [Int] = []
        while let buffer = outbox.next() {
            bytes.writeImmutableBuffer(buffer)
            sizes.append(buffer.readableBytes)
            outbox.written(buffer.readableBytes)
        }
        return (bytes, sizes)
    }

    private func joined(_ buffers: [ByteBuffer]) -> ByteBuffer {
        var bytes = ByteBuffer()
        for buffer in buffers { bytes.writeImmutableBuffer(buffer) }
        return bytes
    }

    private func decode(_ bytes: ByteBuffer) throws -> [InboundFrame] {
        var decoder = FrameDecoder()
        decoder.handshakeCompleted()
        decoder.feed(bytes)
        var frames: [InboundFrame] = []
        while let frame = try decoder.next() { frames.append(frame) }
        return frames
    }

    @Test func emptyGivesNothing() {
        var outbox = LaneOutbox()
        #expect(outbox.next() == nil)
        #expect(outbox.isIdle)
    }

    @Test func limitsHoldWhatTheyPromise() {
        #expect(LaneOutbox.slice >= FrameHeader.size + Limits.fragment)
        #expect(LaneOutbox.inFlightLimit >= FrameHeader.size + Limits.message)
        #expect(LaneOutbox.inFlightLimit == 256 * 1024 + 1024)
        #expect(LaneOutbox.messageBytes >= 32 * Limits.message)
    }

    @Test(arguments: [1, 100, 131_023, 131_024, 256 * 1024, 1024 * 1024, 4 * 1024 * 1024])
    func aChunkLeavesByteForByte(payload: Int) {
        var outbox = LaneOutbox()
        let chunk = chunk(3, payload: payload)
        outbox.enqueue(chunk: chunk)
        #expect(outbox.queuedChunkBytes == chunk.readableBytes)
        let (bytes, sizes) = drain(&outbox)
        #expect(bytes == chunk)
        #expect(sizes.allSatisfy { $0 <= LaneOutbox.slice })
        // The tail of a round size travels with the last full fragment.
        #expect(sizes.count == max(1, payload / Limits.fragment))
        #expect(outbox.isIdle && outbox.queuedChunkBytes == 0)
    }

    @Test func messagesGoBetweenTheFragmentsOfAChunk() throws {
        var outbox = LaneOutbox()
        outbox.enqueue(chunk: chunk(1, payload: 512 * 1024))
        var sent: [ByteBuffer] = [try outbox.some()]
        try outbox.enqueue(message: message("hello"))
        sent.append(try outbox.some())
        #expect(sent[1] == message("hello"))
        try outbox.enqueue(message: message("again"))
        sent.append(try outbox.some())
        #expect(sent[2] == message("again"))
        outbox.written(sent.reduce(0) { $0 + $1.readableBytes })
        let rest = drain(&outbox).bytes
        let frames = try decode(joined(sent + [rest]))
        guard frames.count == 3, case .message(_, let one) = frames[0], case .message(_, let two) = frames[1],
            case .chunk(let whole) = frames[2]
        else {
            Issue.record("got \(frames)")
            return
        }
        #expect(String(buffer: one) == "hello" && String(buffer: two) == "again")
        let plain = whole.payload.flatMap { Array($0.readableBytesView) }
        let source = chunk(1, payload: 512 * 1024)
        #expect(
            plain
                == FrameEncoder.regions(payload: 512 * 1024).flatMap {
                    source.getBytes(at: $0.lowerBound, length: $0.count)!
                })
    }

    @Test func atMostTheLimitIsInFlight() throws {
        var outbox = LaneOutbox()
        outbox.enqueue(chunk: chunk(1, payload: 4 * 1024 * 1024))
        let first = try outbox.some()
        let second = try outbox.some()
        #expect(outbox.inFlight == first.readableBytes + second.readableBytes)
        #expect(outbox.inFlight <= LaneOutbox.inFlightLimit)
        #expect(outbox.next() == nil)
        // A part was written: not yet room for a whole fragment.
        outbox.written(1_000)
        #expect(outbox.next() == nil)
        try outbox.enqueue(message: message("small"))
        #expect(outbox.next() == message("small"))
        outbox.written(first.readableBytes - 1_000)
        _ = try outbox.some()
        #expect(outbox.next() == nil)
    }

    @Test func smallChunksLeaveTogether() throws {
        var outbox = LaneOutbox()
        let chunks = (0..<100).map { chunk($0, payload: 2_000) }
        for chunk in chunks { outbox.enqueue(chunk: chunk) }
        let (bytes, sizes) = drain(&outbox)
        #expect(bytes == joined(chunks))
        #expect(sizes.count == 4)
        #expect(sizes.allSatisfy { $0 <= LaneOutbox.coalesced })
        #expect(try decode(bytes).count == 100)
    }

    @Test func messagesLeadSmallChunks() throws {
        var outbox = LaneOutbox()
        let chunks = [chunk(1, payload: 10), chunk(2, payload: 10)]
        for chunk in chunks { outbox.enqueue(chunk: chunk) }
        try outbox.enqueue(message: message("first"))
        try outbox.enqueue(message: message("second"))
        let expected = [message("first"), message("second")] + chunks
        #expect(drain(&outbox) == (joined(expected), [13 + 14 + 2 * 67]))
    }

    @Test func largeAndSmallChunksKeepTheirOrder() {
        var outbox = LaneOutbox()
        let chunks = [10, 300_000, 20, 30, 131_072, 70_000, 1, 65_536].enumerated().map {
            chunk(UInt64($0.offset), payload: $0.element)
        }
        for chunk in chunks { outbox.enqueue(chunk: chunk) }
        #expect(drain(&outbox).bytes == joined(chunks))
    }

    /// A page of the largest size waits for room; the chunks behind it do not overtake.
    @Test func largeMessagesAreNotOvertaken() throws {
        var outbox = LaneOutbox()
        outbox.enqueue(chunk: chunk(1, payload: 512 * 1024))
        let first = try outbox.some()
        let page = message(bytes: Limits.message)
        try outbox.enqueue(message: page)
        #expect(outbox.next() == nil)
        outbox.written(first.readableBytes)
        #expect(outbox.next() == page)
        #expect(outbox.inFlight <= LaneOutbox.inFlightLimit)
    }

    @Test func aPeerThatDoesNotReadIsFoundOut() throws {
        var outbox = LaneOutbox()
        for _ in 0..<LaneOutbox.messageCount { try outbox.enqueue(message: message("x")) }
        #expect(throws: LaneOutboxError.peerDoesNotRead(messages: 4_096, bytes: 4_096 * 9)) {
            try outbox.enqueue(message: message("x"))
        }
        #expect(outbox.queuedMessages == 4_096)
        #expect(drain(&outbox).bytes.readableBytes == 4_096 * 9)

        while outbox.queuedMessageBytes + Limits.message + 8 <= LaneOutbox.messageBytes {
            try outbox.enqueue(message: message(bytes: Limits.message))
        }
        #expect(throws: LaneOutboxError.self) { try outbox.enqueue(message: message(bytes: Limits.message)) }
        #expect(outbox.queuedMessages >= 31)
    }

    @Test(arguments: 0..<20)
    func whateverComesEverythingLeavesOnceInOrder(seed: Int) throws {
        var chance = Seeded(state: UInt64(seed))
        var outbox = LaneOutbox()
        var messages: [String] = []
        var chunks: [UInt64] = []
        var handed: [Int] = []
        var bytes = ByteBuffer()
        for step in 0..<300 {
            switch Int.random(in: 0..<5, using: &chance) {
            case 0:
                messages.append("m\(step)")
                try outbox.enqueue(message: message("m\(step)"))
            case 1:
                chunks.append(UInt64(step))
                let large = Bool.random(using: &chance)
                let payload = Int.random(in: 1...(large ? 400_000 : 5_000), using: &chance)
                outbox.enqueue(chunk: chunk(UInt64(step), payload: payload))
            case 2:
                if !handed.isEmpty { outbox.written(handed.removeFirst()) }
            default:
                if let buffer = outbox.next() {
                    handed.append(buffer.readableBytes)
                    bytes.writeImmutableBuffer(buffer)
                }
            }
            #expect(outbox.inFlight == handed.reduce(0, +) && outbox.inFlight <= LaneOutbox.inFlightLimit)
        }
        for bytes in handed { outbox.written(bytes) }
        bytes.writeImmutableBuffer(drain(&outbox).bytes)
        var gotMessages: [String] = []
        var gotChunks: [UInt64] = []
        for frame in try decode(bytes) {
            switch frame {
            case .message(_, let buffer): gotMessages.append(String(buffer: buffer))
            case .chunk(let chunk): gotChunks.append(chunk.header.number)
            case .acknowledgement, .handshake, .test: Issue.record("got \(frame)")
            }
        }
        #expect(gotMessages == messages && gotChunks == chunks && outbox.isIdle)
    }
}
