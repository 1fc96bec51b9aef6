import MeshTransport
import MeshTrust
import MeshWire
import NIOCore
import NIOPosix
import Synchronization

let group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
let loopback = NodeAddress(host: "127.0.0.1", port: 0)

/// A node under one code.
struct TestNode: Sendable {
    let identity = NodeIdentity()
    let credentials: TLSCredentials

    /// Two nodes of the same number have the same code.
    init(code: UInt8 = 1, sni: String? = nil) throws {
        let secrets = CodeSecrets(master: Bytes32(repeatElement(code, count: 32))!)
        let own = try CodeAuthority(secrets).credentials(for: identity)
        credentials = TLSCredentials(
            sni: sni ?? own.sni, rootsDER: own.rootsDER, chainDER: own.chainDER, privateKeyDER: own.privateKeyDER)
    }

    var id: NodeID { identity.nodeID }

    func dial(
        _ address: NodeAddress, _ plane: Plane = .control, timeout: Duration = .seconds(10)
    ) async throws(TransportError) -> SecureConnection {
        try await NodeDialer(group: group, contexts: TLSContexts())
            .dial(address, plane: plane, credentials: credentials, timeout: timeout)
    }
}

/// A log that several tasks write.
final class Log<Entry: Sendable>: Sendable {
    let entries: AsyncStream<Entry>
    private let continuation: AsyncStream<Entry>.Continuation

    init() { (entries, continuation) = AsyncStream.makeStream() }

    func add(_ entry: Entry) { continuation.yield(entry) }

    var next: Entry? {
        get async {
            for await entry in entries { return entry }
            return nil
        }
    }
}

/// A listener of `node` that knows its name alone, while `body` runs. What it accepts and rejects is logged.
func withListener(
    _ node: TestNode, _ configuration: NodeListener.Configuration = .init(control: [loopback]),
    on group: any EventLoopGroup = group,
    _ body: (
        _ listener: NodeListener, _ accepted: Log<SecureConnection>, _ rejected: Log<HandshakeFailure>
    ) async throws -> Void
) async throws {
    let accepted = Log<SecureConnection>()
    let rejected = Log<HandshakeFailure>()
    let listener = try await NodeListener.bind(
        configuration, group: group, contexts: TLSContexts(),
        credentials: { sni, _ in sni == node.credentials.sni ? node.credentials : nil },
        rejected: { _, reason in rejected.add(reason) })
    try await withThrowingTaskGroup { tasks in
        tasks.addTask {
            await listener.run { connection in
                accepted.add(connection)
                await connection.closed()
            }
        }
        try await body(listener, accepted, rejected)
        tasks.cancelAll()
    }
}

/// The two ends of one connection while `body` runs.
func withConnection(
    _ plane: Plane, dialer: TestNode, listener: TestNode,
    _ body: (_ dialed: SecureConnection, _ accepted: SecureConnection) async throws -> Void
) async throws {
    try await withListener(listener) { server, accepted, _ in
        let dialed = try await dialer.dial(server.controlAddresses[0], plane)
        guard let other = await accepted.next else { return }
        try await body(dialed, other)
        dialed.close()
    }
}

/// Whatever a raw connection to `address` that sends `bytes` receives until the other side closes it.
func rawTalk(_ bytes: [UInt8], with address: NodeAddress) async throws -> [UInt8] {
    let box = Collected()
    let channel = try await ClientBootstrap(group: group)
        .channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Collector(box)) }
        }
        .connect(host: address.host, port: Int(address.port)).get()
    if !bytes.isEmpty { try? await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }
    try? await channel.closeFuture.get()
    return box.bytes.withLock { $0 }
}

final class Collected: Sendable {
    let bytes = Mutex<[UInt8]>([])
}

/// Keeps what passes and passes it on.
final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let box: Collected

    init(_ box: Collected) { self.box = box }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(buffer: unwrapInboundIn(data))
        box.bytes.withLock { $0 += bytes }
        context.fireChannelRead(data)
    }
}
