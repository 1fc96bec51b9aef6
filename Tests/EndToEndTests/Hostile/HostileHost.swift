import MeshTransport
import MeshTrust
import MeshWire
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// A node that waits to be dialed by one that trusts it: it knows the code, and answers as it likes.
final class HostileHost: Sendable {
    private let server: any Channel
    private let links: Inbox<ControlTalk>
    private let lanes: Inbox<LaneTalk>

    private init(_ server: any Channel, _ links: Inbox<ControlTalk>, _ lanes: Inbox<LaneTalk>) {
        self.server = server
        self.links = links
        self.lanes = lanes
    }

    /// `planes`: what it says in ALPN that it serves.
    static func open(
        _ port: UInt16, _ identity: NodeIdentity, _ credentials: TLSCredentials, planes: [Plane] = Plane.allCases
    ) async throws -> HostileHost {
        let context = try NIOSSLContext(configuration: LaneTLS.server(credentials, planes: planes))
        let (links, lanes, me) = (Inbox<ControlTalk>(), Inbox<LaneTalk>(), identity.nodeID)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let guests = GuestWatch(links, lanes, me)
                    try channel.pipeline.syncOperations.addHandlers([NIOSSLServerHandler(context: context), guests])
                }
            }
            .bind(host: "127.0.0.1", port: Int(port)).get()
        return HostileHost(server, links, lanes)
    }

    /// The control link of this number, from 1.
    func link(_ count: Int = 1, within seconds: Double = 10) async throws -> ControlTalk {
        try expected(await links.first(count: count, within: seconds) { $0 }, "control link \(count)")
    }

    /// The lane of this number, from 1, whatever becomes of it.
    func lane(_ count: Int = 1, within seconds: Double = 10) async throws -> LaneTalk {
        try expected(await lanes.first(count: count, within: seconds) { $0 }, "lane \(count)")
    }

    /// Takes no more connections; those that are there stay.
    func close() async { try? await server.close().get() }
}

/// Tells when TLS is up, and hands the connection over to whoever speaks its plane.
private final class GuestWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let links: Inbox<ControlTalk>
    private let lanes: Inbox<LaneTalk>
    private let me: NodeID

    init(_ links: Inbox<ControlTalk>, _ lanes: Inbox<LaneTalk>, _ me: NodeID) {
        self.links = links
        self.lanes = lanes
        self.me = me
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted(let negotiated) = event {
            do {
                let tls = try context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
                let connection = RawConnection(
                    context.channel, leafDER: try tls.peerCertificate?.toDERBytes() ?? [])
                // What follows in the same read must find its ear.
                if negotiated == Plane.lane.alpn {
                    let heard = Inbox<LaneWord>()
                    try context.pipeline.syncOperations.addHandler(LaneEar(heard, .init()))
                    lanes.add(LaneTalk(connection, heard))
                } else {
                    let heard = Inbox<ControlMessage>()
                    try context.pipeline.syncOperations.addHandler(ControlEar(heard))
                    links.add(ControlTalk(connection, heard, me: me))
                }
            } catch {
                context.close(promise: nil)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
