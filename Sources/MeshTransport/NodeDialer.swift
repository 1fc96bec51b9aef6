import Glibc
package import MeshTrust
package import MeshWire
package import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Makes connections to other nodes.
package struct NodeDialer: Sendable {
    private let group: any EventLoopGroup
    private let contexts: TLSContexts

    package init(group: any EventLoopGroup, contexts: TLSContexts) {
        self.group = group
        self.contexts = contexts
    }

    /// A connection to `address` for one plane, TLS handshake done, within `timeout` in all, of which the peer's system
    /// may take `connect` to answer. A host name's addresses are
    /// tried as RFC 8305 describes. Cancelling the surrounding task ends the attempt.
    ///
    /// TLS 1.3 lets a dialer finish before the listener has looked at the dialer's certificate: a listener that rejects
    /// it closes the link or lane made of the connection, with `untrusted` as its reason.
    package func dial(
        _ address: NodeAddress, plane: Plane, credentials: TLSCredentials, connect: Duration? = nil, timeout: Duration
    ) async throws(TransportError) -> SecureConnection {
        let context = try contexts.client(credentials, plane: plane)
        let limit = TimeAmount(timeout)
        let attempt = DialAttempt(address)
        let deadline = NIODeadline.now() + limit
        do {
            return try await withTaskCancellationHandler {
                let bootstrap = ClientBootstrap(group: group)
                    .connectTimeout(min(limit, TimeAmount(connect ?? timeout)))
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    // Not before TLS is there to read: a stranger that speaks first would go unheard.
                    .channelOption(.autoRead, value: false)
                    .channelInitializer { attempt.began($0) }
                let channel = try await bootstrap.connect(host: address.host, port: Int(address.port)).get()
                return try await Self.handshake(channel, context, credentials.sni, plane, deadline)
            } onCancel: {
                attempt.cancel()
            }
        } catch {
            attempt.cancel()
            throw attempt.meaning(of: error)
        }
    }

    private static func handshake(
        _ channel: any Channel, _ context: NIOSSLContext, _ sni: String, _ plane: Plane, _ deadline: NIODeadline
    ) async throws -> SecureConnection {
        let outcome = channel.eventLoop.makePromise(of: Negotiated.self)
        let counters = WireCounters()
        do {
            try await channel.eventLoop.submit {
                let tls = try NIOSSLClientHandler(context: context, serverHostname: sni)
                let gate = ConnectionGate(
                    outcome, planes: [plane], limit: deadline - .now(), counters: counters)
                // The gate first: TLS starts, and may fail, as soon as it is added.
                try channel.pipeline.syncOperations.addHandlers([WireCountingHandler(counters), gate])
                try channel.pipeline.syncOperations.addHandler(tls, position: .before(gate))
                try channel.syncOptions?.setOption(.autoRead, value: true)
            }.get()
        } catch {
            outcome.fail(error)
        }
        let negotiated = try await outcome.futureResult.get()
        return SecureConnection(channel, sni: sni, negotiated: negotiated, counters: counters)
    }
}

/// The sockets of one attempt, to be closed where it is given up.
private final class DialAttempt: Sendable {
    private struct State {
        var channels: [any Channel] = []
        var isOver = false
    }

    private let address: NodeAddress
    private let state = Mutex(State())

    init(_ address: NodeAddress) {
        self.address = address
    }

    func began(_ channel: any Channel) -> EventLoopFuture<Void> {
        let isOver = state.withLock { state in
            state.channels.append(channel)
            return state.isOver
        }
        return isOver
            ? channel.eventLoop.makeFailedFuture(CancellationError()) : channel.eventLoop.makeSucceededVoidFuture()
    }

    func cancel() {
        let channels = state.withLock { state in
            state.isOver = true
            defer { state.channels = [] }
            return state.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }

    func meaning(of error: any Error) -> TransportError {
        switch error {
        case let error as TransportError: error
        case let failure as HandshakeFailure: meaning(of: failure)
        case let error as NIOConnectionError: meaning(of: error)
        case let error as IOError: meaning(of: error)
        case ChannelError.connectTimeout: .timedOut(address)
        default: .interrupted(address, "\(error)")
        }
    }

    private func meaning(of failure: HandshakeFailure) -> TransportError {
        switch failure {
        case .unknownName: .unknownAuthority(address)
        case .untrusted: .untrusted(address)
        case .incompatible(let reason): .incompatible(address, reason)
        case .busy: .interrupted(address, failure.description)
        case .timedOut: .timedOut(address)
        case .interrupted(let reason): .interrupted(address, reason)
        case .credentials(let reason): .credentials(reason)
        }
    }

    /// Of several addresses that failed, the one where a machine answered says most.
    private func meaning(of error: NIOConnectionError) -> TransportError {
        let reasons = error.connectionErrors.map { meaning(of: $0.error) }
        let refused = reasons.first { $0 == .refused(address) }
        return refused ?? reasons.first ?? .nameNotFound(address)
    }

    private func meaning(of error: IOError) -> TransportError {
        switch error.errnoCode {
        case ECONNREFUSED: .refused(address)
        case ETIMEDOUT: .timedOut(address)
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EADDRNOTAVAIL, EINVAL, EACCES:
            .unreachable(address, error.shortReason)
        default: .interrupted(address, error.shortReason)
        }
    }
}
