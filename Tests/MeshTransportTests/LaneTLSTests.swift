import MeshTransport
import MeshTrust
import MeshWire
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing

@Suite struct LaneTLSTests {
    @Test func settingsLeaveNothingToFallBackTo() throws {
        let credentials = try TestNode().credentials
        for configuration in [
            try LaneTLS.server(credentials, planes: [.control, .lane]), try LaneTLS.client(credentials, plane: .lane),
        ] {
            #expect(configuration.minimumTLSVersion == .tlsv13)
            #expect(configuration.maximumTLSVersion == .tlsv13)
            #expect(configuration.curves == [.x25519_MLKEM768])
            #expect(configuration.certificateVerification == .noHostnameVerification)
            #expect(configuration.certificateChain.count == 1)
        }
    }

    /// The ServerHello goes in clear and names the group in its key share (RFC 8446, section 4.2.8): extension 51,
    /// length 1,124, group 0x11EC (draft-ietf-tls-ecdhe-mlkem), 1,120 bytes of share.
    @Test func theGroupOnTheWireIsX25519MLKEM768() async throws {
        let (ann, bob) = (try TestNode(), try TestNode())
        try await withListener(bob) { listener, accepted, _ in
            let seen = Collected()
            let tap = try await Self.tap(listener.controlAddresses[0], seen)
            let dialed = try await ann.dial(NodeAddress(host: "127.0.0.1", port: UInt16(tap.localAddress!.port!)))
            #expect(await accepted.next != nil)
            let bytes = seen.bytes.withLock { $0 }
            #expect(bytes.first == 22)
            #expect(bytes.firstRange(of: [0x00, 0x33, 0x04, 0x64, 0x11, 0xec, 0x04, 0x60]) != nil)
            dialed.close()
            try await tap.close()
        }
    }

    @Test func aClientWithoutThatGroupFails() async throws {
        let (ann, bob) = (try TestNode(), try TestNode())
        try await withListener(bob) { listener, _, rejected in
            var configuration = try LaneTLS.client(ann.credentials, plane: .control)
            configuration.curves = [.x25519, .secp256r1]
            let context = try NIOSSLContext(configuration: configuration)
            let address = listener.controlAddresses[0]
            let channel = try await ClientBootstrap(group: group)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: bob.credentials.sni))
                    }
                }
                .connect(host: address.host, port: Int(address.port)).get()
            try await channel.closeFuture.get()
            #expect(await rejected.next == .incompatible("NO_SHARED_GROUP"))
        }
    }

    /// Passes one connection on to `target` and keeps what comes back.
    private static func tap(_ target: NodeAddress, _ seen: Collected) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { inward in
                ClientBootstrap(group: inward.eventLoop)
                    .channelInitializer { outward in
                        outward.eventLoop.makeCompletedFuture {
                            try outward.pipeline.syncOperations.addHandlers([Collector(seen), Forwarder(inward)])
                        }
                    }
                    .connect(host: target.host, port: Int(target.port))
                    .flatMap { outward in
                        inward.eventLoop.makeCompletedFuture {
                            try inward.pipeline.syncOperations.addHandler(Forwarder(outward))
                        }.flatMap { inward.setOption(.autoRead, value: true) }
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }
}

private final class Forwarder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let other: any Channel

    init(_ other: any Channel) { self.other = other }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
}
