import MeshTransport
import MeshTrust
import MeshWire
import NIOCore
import Synchronization

/// The control link as a hostile peer speaks it: messages in order, or any bytes.
final class ControlTalk: Sendable {
    let connection: RawConnection
    let heard: Inbox<ControlMessage>
    let me: NodeID
    private let sequence = Mutex<UInt64>(0)

    init(_ connection: RawConnection, _ heard: Inbox<ControlMessage>, me: NodeID) {
        self.connection = connection
        self.heard = heard
        self.me = me
    }

    static func dial(
        _ port: UInt16, from source: String = "127.0.0.1", _ identity: NodeIdentity, _ credentials: TLSCredentials
    ) async throws -> ControlTalk {
        let heard = Inbox<ControlMessage>()
        let connection = try await RawConnection.dial(
            port, from: source, plane: .control, credentials: credentials
        ) { ControlEar(heard) }
        return ControlTalk(connection, heard, me: identity.nodeID)
    }

    func say(_ message: ControlMessage) async throws { try await connection.say(framed(message)) }

    /// Messages in one piece, as fast as they go.
    func shout(_ messages: [ControlMessage]) throws {
        var bytes = ByteBuffer()
        for message in messages { bytes.writeImmutableBuffer(try framed(message)) }
        connection.shout(bytes)
    }

    /// A frame of any text, with the length it has or another one.
    func say(text: String, length: Int? = nil) async throws {
        var bytes = ByteBuffer()
        bytes.writeInteger(UInt32(length ?? text.utf8.count))
        bytes.writeString(text)
        try await connection.say(bytes)
    }

    /// The envelope of the next message with this type and body; `from` and `sequence` may lie.
    func envelope(
        type: String, body: String, version: Int = 1, from: String? = nil, sequence: String? = nil
    ) -> String {
        let number = self.sequence.withLock { next in
            defer { next += 1 }
            return next
        }
        return """
            {"v":\(version),"from":"\(from ?? me.description)","seq":\(sequence ?? String(number)),"time":0,\
            "type":"\(type)","body":\(body)}
            """
    }

    /// What the node said last of all: why it leaves.
    func farewell(within seconds: Double = 10) async -> FailureCode? {
        await heard.first(within: seconds) { if case .leaving(let code) = $0 { code } else { nil } }
    }

    /// A message with a word in it changed to what no encoder would write.
    func say(_ message: ControlMessage, changing word: String, to other: String) async throws {
        var framed = try framed(message)
        framed.moveReaderIndex(forwardBy: 4)
        let text = String(buffer: framed)
        guard text.contains(word) else { throw PlayFailure(description: "no \(word) in \(text)") }
        try await say(text: text.replacing(word, with: other))
    }

    private func framed(_ message: ControlMessage) throws -> ByteBuffer {
        let number = sequence.withLock { next in
            defer { next += 1 }
            return next
        }
        let json = try ControlFrame(from: me, sequence: number, time: 0, message: message).encoded()
        var bytes = ByteBuffer()
        bytes.writeInteger(UInt32(json.count))
        bytes.writeBytes(json)
        return bytes
    }
}

final class ControlEar: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let heard: Inbox<ControlMessage>
    private var bytes = ByteBuffer()

    init(_ heard: Inbox<ControlMessage>) { self.heard = heard }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.writeImmutableBuffer(unwrapInboundIn(data))
        while let json = bytes.readLengthPrefixedSlice(as: UInt32.self) {
            if let frame = try? ControlFrame(reading: Array(buffer: json)) { heard.add(frame.message) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        heard.end("\(error)")
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { heard.end("closed") }
}
