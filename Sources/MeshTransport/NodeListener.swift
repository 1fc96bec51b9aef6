package import MeshTrust
package import MeshWire
package import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// Accepts connections for both planes. A one-shot object: ``bind(_:group:contexts:credentials:rejected:)``, then
/// ``run(_:)`` until its task is cancelled.
package final class NodeListener: Sendable {
    package struct Configuration: Sendable {
        /// Where control links are accepted; lanes as well while ``data`` is empty. Port 0 takes a free one.
        package var control: [NodeAddress]
        /// Where lanes alone are accepted: an interface of its own for user data.
        package var data: [NodeAddress]
        package var limits = ConnectionLimits()

        package init(control: [NodeAddress], data: [NodeAddress] = []) {
            self.control = control
            self.data = data
        }
    }

    /// What to show a client that names `sni` and comes from the numeric address `from`; nil where the name is unknown.
    /// Called on an event loop: it looks something up and never waits.
    package typealias Credentials = @Sendable (_ sni: String, _ from: String) -> TLSCredentials?
    /// A connection from this numeric address was closed before it belonged to a plane. Called on an event loop.
    package typealias Rejected = @Sendable (_ from: String, _ reason: HandshakeFailure) -> Void

    /// Where control links are accepted, ports filled in.
    package let controlAddresses: [NodeAddress]
    /// Where lanes are accepted: the same unless data has addresses of its own.
    package let dataAddresses: [NodeAddress]

    private let servers: [any Channel]
    private let table: ConnectionTable
    private let arrivals: AsyncStream<SecureConnection>
    private let ended: AsyncStream<SecureConnection>.Continuation

    private init(
        control: [any Channel], data: [any Channel], _ table: ConnectionTable,
        _ arrivals: AsyncStream<SecureConnection>, _ ended: AsyncStream<SecureConnection>.Continuation
    ) {
        self.table = table
        controlAddresses = control.map { NodeAddress($0.localAddress) }
        dataAddresses = data.isEmpty ? controlAddresses : data.map { NodeAddress($0.localAddress) }
        servers = control + data
        self.arrivals = arrivals
        self.ended = ended
    }

    /// Takes the addresses; connections wait in the system's queue from here on.
    package static func bind(
        _ configuration: Configuration, group: any EventLoopGroup, contexts: TLSContexts,
        credentials: @escaping Credentials, rejected: @escaping Rejected = { _, _ in }
    ) async throws(TransportError) -> NodeListener {
        let (arrivals, continuation) = AsyncStream.makeStream(of: SecureConnection.self)
        let table = ConnectionTable(configuration.limits)
        let admission = Admission(
            table: table, limit: TimeAmount(configuration.limits.handshake),
            contexts: contexts, credentials: credentials, rejected: rejected, arrived: { continuation.yield($0) })
        let both: [Plane] = configuration.data.isEmpty ? [.control, .lane] : [.control]
        var control: [any Channel] = []
        var data: [any Channel] = []
        do throws(TransportError) {
            for address in configuration.control { control.append(try await server(address, both, group, admission)) }
            for address in configuration.data { data.append(try await server(address, [.lane], group, admission)) }
        } catch {
            for channel in control + data { channel.close(promise: nil) }
            throw error
        }
        return NodeListener(control: control, data: data, table, arrivals, continuation)
    }

    /// Hands each connection to `handle`, all of them side by side, until the surrounding task is cancelled; then closes
    /// everything. A connection is closed when its `handle` returns: who keeps it waits for its end inside.
    package func run(_ handle: @escaping @Sendable (SecureConnection) async -> Void) async {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                for await connection in arrivals {
                    // As many as `ConnectionLimits` admits.
                    group.addTask {
                        await withTaskCancellationHandler {
                            await handle(connection)
                        } onCancel: {
                            // Whoever talks over it has a last word, which is said at once.
                            connection.close(within: .milliseconds(500))
                        }
                        connection.close()
                    }
                }
                group.cancelAll()
            }
        } onCancel: {
            close()
        }
        close()
        table.closeAll()
    }

    /// Stops accepting. What was accepted stays with its handlers; ``run(_:)`` returns once they did.
    package func close() {
        for server in servers { server.close(promise: nil) }
        ended.finish()
    }

    private static func server(
        _ address: NodeAddress, _ planes: [Plane], _ group: any EventLoopGroup, _ admission: Admission
    ) async throws(TransportError) -> any Channel {
        var bootstrap = ServerBootstrap(group: group)
            // As many as may be shaking hands at once.
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { admission.admit($0, planes: planes) }
        if address.host.contains(":") {
            // `::` and `0.0.0.0` may then share a port, and no IPv4 peer shows up as `::ffff:…`.
            bootstrap = bootstrap.serverChannelOption(v6Only, value: 1)
        }
        do {
            return try await bootstrap.bind(host: address.host, port: Int(address.port)).get()
        } catch let error as IOError {
            throw .cannotListen(address, error.shortReason)
        } catch {
            throw .cannotListen(address, "\(error)")
        }
    }
}
