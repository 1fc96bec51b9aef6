import MeshTransport
import MeshTrust
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// A TLS connection with a node, and nothing above it: it says any bytes, in any order, at any pace.
final class RawConnection: Sendable {
    private let channel: any Channel
    /// The node's certificate, DER.
    let leafDER: [UInt8]

    init(_ channel: any Channel, leafDER: [UInt8]) {
        self.channel = channel
        self.leafDER = leafDER
    }

    /// Dials `port` of this machine from an address of the loopback network. `ear` hears what is decrypted.
    static func dial(
        _ port: UInt16, from source: String = "127.0.0.1", plane: Plane, credentials: TLSCredentials,
        ear: @escaping @Sendable () -> any ChannelInboundHandler
    ) async throws -> RawConnection {
        let context = try NIOSSLContext(configuration: LaneTLS.client(credentials, plane: plane))
        let group = MultiThreadedEventLoopGroup.singleton
        let outcome = group.next().makePromise(of: [UInt8].self)
        let (sni, address) = (credentials.sni, try SocketAddress(ipAddress: source, port: 0))
        do {
            let channel = try await ClientBootstrap(group: group)
                .bind(to: address)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let tls = try NIOSSLClientHandler(context: context, serverHostname: sni)
                        try channel.pipeline.syncOperations.addHandlers([tls, HandshakeWatch(outcome), ear()])
                    }
                }
                .connect(host: "127.0.0.1", port: Int(port)).get()
            return RawConnection(channel, leafDER: try await outcome.futureResult.get())
        } catch {
            outcome.fail(error)
            throw error
        }
    }

    /// Returns once the socket took the bytes; throws where the connection is gone.
    func say(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes).get() }

    /// Hands the bytes over, whatever becomes of them.
    func shout(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

    /// Reads nothing more.
    func stopListening() async throws { try await channel.setOption(.autoRead, value: false).get() }

    func close() { channel.close(promise: nil) }
}

/// Tells when TLS is up, and whose certificate the other side showed.
private final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let outcome: EventLoopPromise<[UInt8]>

    init(_ outcome: EventLoopPromise<[UInt8]>) { self.outcome = outcome }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event {
            do {
                let tls = try context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
                outcome.succeed(try tls.peerCertificate?.toDERBytes() ?? [])
            } catch {
                outcome.fail(error)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        outcome.fail(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        outcome.fail(ChannelError.eof)
        context.fireChannelInactive()
    }
}
