import MeshChannel
import MeshTransfer
import MeshTransport
import MeshTrust
import MeshWire
import NIOCore

/// What a lane brings, as far as a hostile peer cares.
enum LaneWord: Sendable {
    case message(DataMessage)
    case acknowledgement(NumberSet)
    case handshake(LaneHandshake)
    case chunk(InboundChunk)
    case test(ChannelTest)
}

/// One lane as a hostile peer speaks it. Probes are answered and received chunks paid back by itself, as an honest one
/// would, unless its manners say otherwise.
final class LaneTalk: Sendable {
    struct Manners: Sendable {
        var echoes = true
        var paysBack = true
    }

    let connection: RawConnection
    let heard: Inbox<LaneWord>

    init(_ connection: RawConnection, _ heard: Inbox<LaneWord>) {
        self.connection = connection
        self.heard = heard
    }

    /// A connection of the lane plane that has said nothing yet.
    static func dial(
        _ port: UInt16, _ credentials: TLSCredentials, manners: Manners = Manners()
    ) async throws -> LaneTalk {
        let heard = Inbox<LaneWord>()
        let connection = try await RawConnection.dial(port, plane: .lane, credentials: credentials) {
            LaneEar(heard, manners)
        }
        return LaneTalk(connection, heard)
    }

    // MARK: what it says

    func say(_ message: DataMessage, stream: UInt16 = 1) async throws {
        try await say(.message, message.encoded(), stream: stream)
    }

    func say(_ kind: FrameKind, _ payload: ByteBuffer, stream: UInt16 = 1) async throws {
        try await connection.say(FrameEncoder.frame(kind, stream: stream, payload: payload))
    }

    func say(_ handshake: LaneHandshake) async throws { try await say(.handshake, handshake.encoded(), stream: 0) }

    func say(_ test: ChannelTest) async throws { try await say(.test, test.encoded(), stream: 0) }

    func acknowledge(_ numbers: NumberSet) async throws {
        var payload = ByteBuffer()
        payload.writeNumbers(numbers)
        try await say(.acknowledgement, payload)
    }

    /// Any header, with any payload behind it.
    func say(kind: UInt8, flags: UInt8 = 0, stream: UInt16 = 1, length: UInt32? = nil, _ payload: [UInt8] = [])
        async throws
    {
        try await connection.say(Self.frame(kind: kind, flags: flags, stream: stream, length: length, payload))
    }

    static func frame(
        kind: UInt8, flags: UInt8 = 0, stream: UInt16 = 1, length: UInt32? = nil, _ payload: [UInt8] = []
    ) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeMultipleIntegers(kind, flags, stream, length ?? UInt32(payload.count))
        bytes.writeBytes(payload)
        return bytes
    }

    // MARK: what it hears

    func handshake(within seconds: Double = 10) async -> LaneHandshake? {
        await heard.first(within: seconds) { if case .handshake(let step) = $0 { step } else { nil } }
    }

    /// Why the node refused the lane.
    func refusal() async -> FailureCode? {
        await heard.first {
            if case .handshake(.refused(let code)) = $0 { code } else { nil }
        }
    }

    func message<Found>(
        count: Int = 1, within seconds: Double = 10, _ pick: (DataMessage) -> Found?
    ) async -> Found? {
        await heard.first(count: count, within: seconds) {
            if case .message(let message) = $0 { pick(message) } else { nil }
        }
    }
}

final class LaneEar: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let heard: Inbox<LaneWord>
    private let manners: LaneTalk.Manners
    private var decoder = FrameDecoder()
    private var credit = LaneCreditIn()

    init(_ heard: Inbox<LaneWord>, _ manners: LaneTalk.Manners) {
        self.heard = heard
        self.manners = manners
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var own = ByteBuffer()
        own.writeImmutableBuffer(unwrapInboundIn(data))
        decoder.feed(own)
        do {
            while let frame = try decoder.next() { try take(frame, context) }
        } catch {
            heard.end("\(error)")
            context.close(promise: nil)
        }
    }

    private func take(_ frame: InboundFrame, _ context: ChannelHandlerContext) throws {
        switch frame {
        case .message(_, let payload): heard.add(.message(try DataMessage(reading: payload)))
        case .acknowledgement(_, var payload):
            heard.add(.acknowledgement(try payload.wireNumbers("chunk", bound: Limits.chunks)))
        case .handshake(let payload):
            let step = try LaneHandshake(reading: payload)
            switch step {
            case .welcome, .proof: decoder.handshakeCompleted()
            case .hello, .refused: break
            }
            heard.add(.handshake(step))
        case .chunk(let chunk):
            heard.add(.chunk(chunk))
            guard manners.paysBack else { return }
            try credit.received(chunk.cost)
            if let test = credit.freed(chunk.cost) { say(test, context) }
        case .test(let payload):
            let test = try ChannelTest(reading: payload)
            heard.add(.test(test))
            if case .probe(let number, let sent) = test, manners.echoes {
                say(.echo(number: number, sent: sent), context)
            }
        }
    }

    private func say(_ test: ChannelTest, _ context: ChannelHandlerContext) {
        let frame = FrameEncoder.frame(.test, stream: 0, payload: test.encoded())
        context.writeAndFlush(NIOAny(frame), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        heard.end("\(error)")
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { heard.end("closed") }
}
