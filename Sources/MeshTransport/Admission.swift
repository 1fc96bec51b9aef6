import Glibc
import MeshTrust
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// The way of one accepted connection to its plane, on its event loop:
///
/// 1. counted, or closed at once where there are too many;
/// 2. the ClientHello is read for the name in SNI;
/// 3. an unknown name gets an alert, and never sees a certificate;
/// 4. the TLS handshake, with the credentials that the name picked;
/// 5. handed over.
struct Admission: Sendable {
    let table: ConnectionTable
    let limit: TimeAmount
    let contexts: TLSContexts
    let credentials: NodeListener.Credentials
    let rejected: NodeListener.Rejected
    let arrived: @Sendable (SecureConnection) -> Void

    /// Bytes that may come before the name is known: the largest TLS record is 16 KiB and a header.
    private static let helloLimit = 17 * 1024

    func admit(_ channel: any Channel, planes: [Plane]) -> EventLoopFuture<Void> {
        let address = channel.remoteAddress?.ipAddress ?? "unknown"
        guard table.opened(channel, from: address) else {
            rejected(address, .busy)
            return reset(channel)
        }
        let outcome = channel.eventLoop.makePromise(of: Negotiated.self)
        let counters = WireCounters()
        let named = NIOLoopBoundBox("", eventLoop: channel.eventLoop)
        outcome.futureResult.whenComplete { result in
            table.handshakeEnded(from: address)
            channel.closeFuture.whenComplete { _ in table.closed(channel, from: address) }
            switch result {
            case .success(let negotiated):
                arrived(SecureConnection(channel, sni: named.value, negotiated: negotiated, counters: counters))
            case .failure(let error):
                rejected(address, error as? HandshakeFailure ?? .interrupted("\(error)"))
            }
        }
        return channel.eventLoop.makeCompletedFuture {
            let gate = ConnectionGate(outcome, planes: planes, limit: limit, counters: counters)
            let naming = SNIHandler { result in
                named.value = result.name
                return handshake(channel, named.value, from: address, planes)
            }
            try channel.pipeline.syncOperations.addHandlers([
                WireCountingHandler(counters), ByteToMessageHandler(naming, maximumBufferSize: Self.helloLimit), gate,
            ])
        }
    }

    /// Puts TLS behind the handler that read the name; the ClientHello is replayed into it.
    private func handshake(
        _ channel: any Channel, _ name: String, from address: String, _ planes: [Plane]
    ) -> EventLoopFuture<Void> {
        guard !name.isEmpty, let credentials = credentials(name, address) else {
            return reject(channel, .unknownName(name.isEmpty ? nil : name))
        }
        do throws(TransportError) {
            let tls = NIOSSLServerHandler(context: try contexts.server(credentials, planes: planes))
            return channel.eventLoop.makeCompletedFuture {
                let gate = try channel.pipeline.syncOperations.handler(type: ConnectionGate.self)
                try channel.pipeline.syncOperations.addHandler(tls, position: .before(gate))
            }
        } catch {
            return reject(channel, .credentials("\(error)"))
        }
    }

    /// Answers a future that fails, so that the ClientHello goes nowhere.
    private func reject(_ channel: any Channel, _ reason: HandshakeFailure) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let gate = try channel.pipeline.syncOperations.handler(type: ConnectionGate.self)
            try gate.reject(reason, alert: unrecognizedNameAlert, channel)
            throw reason
        }
    }

    /// Closes with a reset instead of an end, which a dialer would take for "unknown name".
    private func reset(_ channel: any Channel) -> EventLoopFuture<Void> {
        let lingerless = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        return (lingerless ?? channel.eventLoop.makeSucceededVoidFuture()).flatMapThrowing {
            throw HandshakeFailure.busy
        }
    }
}

extension SNIResult {
    /// The name; empty where there is none, or no TLS.
    fileprivate var name: String {
        switch self {
        case .fallback: ""
        case .hostname(let name): name
        }
    }
}
