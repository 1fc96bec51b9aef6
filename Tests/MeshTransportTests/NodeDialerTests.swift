import MeshTransport
import MeshWire
import NIOCore
import NIOPosix
import Testing

@Suite struct NodeDialerTests {
    /// A port that nothing listens on: bound, and not listening.
    private func withDeadPort(_ body: (NodeAddress) async throws -> Void) async throws {
        let bound = try await DatagramBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        try await body(NodeAddress(host: "127.0.0.1", port: UInt16(bound.localAddress!.port!)))
        try await bound.close()
    }

    @Test func nobodyListening() async throws {
        try await withDeadPort { address in
            await #expect(throws: TransportError.refused(address)) { _ = try await TestNode().dial(address) }
            #expect(TransportError.refused(address).isRetryable)
        }
    }

    @Test func noSuchName() async throws {
        let address = NodeAddress(host: "no-such-host.invalid", port: 1)
        await #expect(throws: TransportError.nameNotFound(address)) { _ = try await TestNode().dial(address) }
    }

    @Test func someoneWhoSaysNothing() async throws {
        let silent = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let address = NodeAddress(host: "127.0.0.1", port: UInt16(silent.localAddress!.port!))
        await #expect(throws: TransportError.timedOut(address)) {
            _ = try await TestNode().dial(address, timeout: .milliseconds(50))
        }
        try await silent.close()
    }

    @Test func someoneWhoHangsUp() async throws {
        let rude = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(HangingUp()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = NodeAddress(host: "127.0.0.1", port: UInt16(rude.localAddress!.port!))
        await #expect(throws: TransportError.interrupted(address, "closed during the handshake")) {
            _ = try await TestNode().dial(address)
        }
        try await rude.close()
    }

    @Test func someoneWhoSpeaksNoTLS() async throws {
        let rude = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Greeting()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = NodeAddress(host: "127.0.0.1", port: UInt16(rude.localAddress!.port!))
        await #expect(throws: TransportError.incompatible(address, "WRONG_VERSION_NUMBER")) {
            _ = try await TestNode().dial(address)
        }
        try await rude.close()
    }

    @Test func cancellingEndsAnAttempt() async throws {
        let silent = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let address = NodeAddress(host: "127.0.0.1", port: UInt16(silent.localAddress!.port!))
        let node = try TestNode()
        await withTaskGroup { tasks in
            tasks.addTask {
                await #expect(throws: TransportError.self) { _ = try await node.dial(address, timeout: .seconds(600)) }
            }
            tasks.cancelAll()
        }
        try await silent.close()
    }

    @Test func hostNamesAreResolved() async throws {
        let (ann, bob) = (try TestNode(), try TestNode())
        try await withListener(bob) { listener, accepted, _ in
            let port = listener.controlAddresses[0].port
            let dialed = try await ann.dial(NodeAddress(host: "localhost", port: port))
            #expect(await accepted.next != nil)
            dialed.close()
        }
    }
}

/// Reads the first bytes and closes.
private final class HangingUp: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.close(promise: nil) }
}

/// Speaks first, as no TLS server does.
private final class Greeting: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(NIOAny(ByteBuffer(string: "SSH-2.0-OpenSSH_9.6\r\n")), promise: nil)
    }
}
