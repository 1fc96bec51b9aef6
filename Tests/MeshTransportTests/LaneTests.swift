import MeshChannel
import MeshWire
import NIOCore
import Testing

@testable import MeshTransport

/// The keys of one channel at both ends.
struct TestChannel {
    let dialer: ChannelKey
    let listener: ChannelKey
    let name: LaneName

    init(_ ann: NodeID, _ bob: NodeID) throws {
        let channel = ChannelID(Bytes16(repeatElement(5, count: 16))!)
        let ends = ChannelEnds(local: ann, remote: bob, role: .dialer)
        let offering = try ChannelOffering(channel: channel, epoch: 1, set: .standard, lanes: 4, ends: ends)
        let answering = ChannelAnswering(ends: .init(local: bob, remote: ann, role: .listener), policy: .init())
        let (status, answered) = try answering.answer(offering.offer)
        let offered = try offering.accepted(status)
        (dialer, listener) = (offered.key, answered.key)
        name = LaneName(channel: channel, epoch: 1, prime: offered.primes[0], generation: 1)
    }
}

func nonce(_ byte: UInt8) -> Bytes32 { Bytes32(repeatElement(byte, count: 32))! }

/// A raw chunk of `size` bytes, framed.
func chunk(_ number: UInt64, size: Int) -> ByteBuffer {
    var buffer = ByteBuffer(repeating: UInt8(truncatingIfNeeded: number), count: FrameEncoder.cost(payload: size))
    let header = ChunkHeader(
        number: number, encoding: .raw, rawLength: size, encodedLength: size, digest: Bytes32())
    FrameEncoder.frame(header, stream: 1, in: &buffer, at: 0)
    return buffer
}

func message(_ text: String) -> ByteBuffer {
    FrameEncoder.frame(.message, stream: 1, payload: ByteBuffer(string: text))
}

/// Both ends of one open lane while `body` runs.
func withLanes(_ body: (_ ann: Lane, _ bob: Lane) async throws -> Void) async throws {
    let (ann, bob) = (try TestNode(), try TestNode())
    let channel = try TestChannel(ann.id, bob.id)
    try await withConnection(.lane, dialer: ann, listener: bob) { dialed, accepted in
        async let opening = Lane.open(dialed, name: channel.name, key: channel.dialer, nonce: nonce(1))
        let other = try await Lane.accept(accepted, nonce: nonce(2)) { name in
            name == channel.name ? .admitted(channel.listener) : .refused(.unknown)
        }
        try await body(try await opening, other)
    }
}

extension Lane {
    /// Why the lane ended; what comes before is left out.
    var closure: LaneClosure? {
        get async {
            for await event in events {
                if case .closed(let closure) = event { return closure }
            }
            return nil
        }
    }
}

@Suite struct LaneTests {
    @Test func sixtyFourMebibytesArriveWholeWithinCredit() async throws {
        try await withLanes { ann, bob in
            let size = 1 << 20
            let count: UInt64 = 64
            try await withThrowingTaskGroup { tasks in
                tasks.addTask {
                    var next: UInt64 = 0
                    for await event in ann.events {
                        guard case .room = event else { continue }
                        while next < count, ann.room.queued < 1 << 20, ann.room.credit >= UInt64(size) + 4_096 {
                            ann.send(chunks: [chunk(next, size: size)])
                            next += 1
                        }
                        if next == count { return }
                    }
                }
                var received: UInt64 = 0
                for await event in bob.events where received < count {
                    guard case .frames(let frames) = event else { continue }
                    for case .chunk(let chunk) in frames {
                        #expect(chunk.header.number == received)
                        #expect(chunk.payload.reduce(0) { $0 + $1.readableBytes } == size)
                        let byte = UInt8(truncatingIfNeeded: received)
                        #expect(chunk.payload.allSatisfy { $0 == ByteBuffer(repeating: byte, count: $0.readableBytes) })
                        bob.free(bytes: chunk.cost)
                        received += 1
                    }
                    if received == count { break }
                }
                #expect(received == count)
                try await tasks.waitForAll()
            }
            #expect(bob.counters.received > 64 << 20)
            // Asked of this machine's TCP: on loopback the network is never all that is waited for.
            guard case .told(let share) = ann.networkShare else { return #expect(ann.networkShare == .told(0)) }
            #expect((0..<1).contains(share))
            #expect(bob.networkShare == .awaited)
            #expect(!ann.takeWrites().isEmpty)
        }
    }

    @Test func aMessageOvertakesChunksThatWait() async throws {
        try await withLanes { ann, bob in
            let chunks = (0..<7).map { chunk($0, size: 1 << 20) }
            // Both before the event loop has done anything about the first.
            try await ann.connection.channel.eventLoop.submit {
                ann.send(chunks: chunks)
                ann.send(message: message("hello"))
            }.get()
            var before = 0
            events: for await event in bob.events {
                guard case .frames(let frames) = event else { continue }
                for frame in frames {
                    switch frame {
                    case .chunk: before += 1
                    case .message(let stream, let payload):
                        #expect(stream == 1)
                        #expect(String(buffer: payload) == "hello")
                        break events
                    case .acknowledgement, .handshake, .test: break
                    }
                }
            }
            #expect(before <= 2)
        }
    }

    @Test func moreThanTheCreditClosesTheLane() async throws {
        try await withLanes { ann, bob in
            ann.send(chunks: (0..<9).map { chunk($0, size: 1 << 20) })
            guard case .overspent = await ann.closure else { return #expect(Bool(false)) }
        }
    }

    @Test func aPeerThatIgnoresCreditIsCutOff() async throws {
        let frames = (0..<9).map { chunk($0, size: 1 << 20) }
        guard case .credit(.overdrawn) = try await fate(of: frames) else { return #expect(Bool(false)) }
    }

    @Test func anUnknownFrameTypeClosesTheLane() async throws {
        let outcome = try await fate(of: [ByteBuffer(bytes: [7, 0, 0, 0, 0, 0, 0, 0])])
        #expect(outcome == .violation(.unknown("frame type", 7)))
    }

    @Test func creditForBytesNeverSentClosesTheLane() async throws {
        let credit = FrameEncoder.frame(.test, stream: 0, payload: ChannelTest.credit(freed: 1).encoded())
        #expect(try await fate(of: [credit]) == .credit(.freedUnsent(freed: 1, sent: 0)))
    }

    /// What Bob's lane makes of frames that come without Ann's lane having a say.
    private func fate(of frames: [ByteBuffer]) async throws -> LaneClosure? {
        var outcome: LaneClosure?
        try await withLanes { ann, bob in
            let channel = ann.connection.channel
            try await channel.eventLoop.submit {
                // Past the outbox, straight into TLS.
                for frame in frames { channel.pipeline.writeAndFlush(frame, promise: nil) }
            }.get()
            outcome = await bob.closure
        }
        return outcome
    }

    @Test func probesAreEchoedWithTheirTime() async throws {
        try await withLanes { ann, bob in
            ann.probe(number: 41)
            ann.probe(number: 42)
            var echoes: [UInt64] = []
            for await event in ann.events {
                guard case .echo(let number, let roundTrip) = event else { continue }
                #expect(roundTrip > 0 && roundTrip < 5_000_000_000)
                echoes.append(number)
                if echoes.count == 2 { break }
            }
            #expect(echoes == [41, 42])
        }
    }

    @Test func drainArrivesAndTheLastMessageBeforeTheEnd() async throws {
        try await withLanes { ann, bob in
            ann.drain()
            ann.send(message: message("bye"))
            ann.closeWhenSent()
            var log: [String] = []
            for await event in bob.events {
                switch event {
                case .frames(let frames):
                    for case .message(_, let payload) in frames { log.append(String(buffer: payload)) }
                case .drain: log.append("drain")
                case .closed(let closure): log.append("\(closure == .peerClosed)")
                case .room, .echo: break
                }
            }
            #expect(Set(log.dropLast()) == ["drain", "bye"])
            #expect(log.last == "true")
            #expect(await ann.closure == .done)
        }
    }

    @Test func aSlowConsumerStopsTheReadingAndLosesNothing() async throws {
        try await withLanes { ann, bob in
            let count = 40
            let page = FrameEncoder.frame(
                .message, stream: 1, payload: ByteBuffer(repeating: 9, count: Limits.message))
            // More than may wait at the receiver: the rest waits in sockets and with the sender.
            try await withThrowingTaskGroup { tasks in
                tasks.addTask {
                    var events = ann.events.makeAsyncIterator()
                    for number in 1...UInt64(count) {
                        ann.send(message: page)
                        ann.probe(number: number)
                        // One of 24 pages in the air needs no waiting.
                        if number % 24 == 0 {
                            while let event = await events.next() {
                                if case .echo(number, _) = event { break }
                            }
                        }
                    }
                }
                var received = 0
                for await event in bob.events {
                    guard case .frames(let frames) = event else { continue }
                    received += frames.count
                    if received == count { break }
                }
                #expect(received == count)
                try await tasks.waitForAll()
            }
        }
    }
}

/// The outcome as a value, which `#expect` can look at while something else runs.
private func outcome(
    _ body: @Sendable () async throws(TransportError) -> Lane
) async -> Result<Lane, TransportError> {
    do throws(TransportError) {
        return .success(try await body())
    } catch {
        return .failure(error)
    }
}

extension Result {
    fileprivate var failure: Failure? {
        switch self {
        case .success: nil
        case .failure(let error): error
        }
    }
}

@Suite struct LaneOpeningTests {
    private func withEnds(
        _ body: (_ channel: TestChannel, _ dialed: SecureConnection, _ accepted: SecureConnection) async throws -> Void
    ) async throws {
        let (ann, bob) = (try TestNode(), try TestNode())
        let channel = try TestChannel(ann.id, bob.id)
        try await withConnection(.lane, dialer: ann, listener: bob) { try await body(channel, $0, $1) }
    }

    @Test func framesRightBehindTheProofAreNotLost() async throws {
        try await withEnds { channel, dialed, accepted in
            async let accepting = Lane.accept(accepted, nonce: nonce(2)) { _ in .admitted(channel.listener) }
            let lane = try await Lane.open(dialed, name: channel.name, key: channel.dialer, nonce: nonce(1))
            lane.send(message: message("first"))
            let other = try await accepting
            #expect(other.name == channel.name)
            for await case .frames(let frames) in other.events {
                guard case .message(_, let payload) = frames.first else { continue }
                #expect(String(buffer: payload) == "first")
                break
            }
        }
    }

    @Test func aLaneNobodyKnowsIsRefused() async throws {
        try await withEnds { channel, dialed, accepted in
            async let accepting = outcome { () async throws(TransportError) in
                try await Lane.accept(accepted, nonce: nonce(2)) { _ in .refused(.unknown) }
            }
            await #expect(throws: TransportError.laneRefused(.unknown)) {
                _ = try await Lane.open(dialed, name: channel.name, key: channel.dialer, nonce: nonce(1))
            }
            #expect(await accepting.failure == .laneRefused(.unknown))
        }
    }

    @Test func anotherChannelsKeyIsFoundOut() async throws {
        try await withEnds { channel, dialed, accepted in
            let stranger = try TestChannel(NodeID(nonce(7)), NodeID(nonce(8)))
            async let accepting = outcome { () async throws(TransportError) in
                try await Lane.accept(accepted, nonce: nonce(2)) { _ in .admitted(stranger.listener) }
            }
            await #expect(throws: TransportError.laneClosed(.opening(.wrongProof(channel.name)))) {
                _ = try await Lane.open(dialed, name: channel.name, key: channel.dialer, nonce: nonce(1))
            }
            #expect(await accepting.failure == .laneRefused(.identity))
        }
    }

    @Test func aPeerThatNeverSaysHelloIsCutOff() async throws {
        try await withEnds { channel, dialed, accepted in
            await #expect(throws: TransportError.laneClosed(.timedOut)) {
                _ = try await Lane.accept(accepted, nonce: nonce(2), limit: .milliseconds(50)) { _ in
                    .admitted(channel.listener)
                }
            }
            await dialed.closed()
        }
    }

    @Test func anythingBeforeTheHandshakeClosesTheLane() async throws {
        try await withEnds { channel, dialed, accepted in
            try await dialed.channel.writeAndFlush(message("too early"))
            await #expect(throws: TransportError.laneClosed(.violation(.invalid("frame before the handshake")))) {
                _ = try await Lane.accept(accepted, nonce: nonce(2)) { _ in .admitted(channel.listener) }
            }
        }
    }
}
