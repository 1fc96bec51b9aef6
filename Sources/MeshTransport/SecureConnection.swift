package import MeshWire
import NIOCore

/// A TCP connection whose TLS handshake is done, accepted or dialed; not yet a ``ControlLink`` or ``Lane``.
///
/// TLS has verified the peer's chain and key. Who it is and whether it may be here, the caller decides from ``leafDER``
/// (`PeerCheck`) before anything else. Then exactly one of ``ControlLink/open(_:me:peer:clock:tap:)``,
/// ``Lane/open(_:name:key:nonce:limit:)``, ``Lane/accept(_:nonce:limit:lookup:)`` or ``close()`` is called.
package final class SecureConnection: Sendable {
    package let plane: Plane
    /// The mesh or code, as the dialer named it.
    package let sni: String
    package let remoteAddress: NodeAddress
    package let localAddress: NodeAddress
    /// The peer's own certificate, DER.
    package let leafDER: [UInt8]
    /// Bytes on the wire.
    package let counters: WireCounters
    let channel: any Channel

    init(_ channel: any Channel, sni: String, negotiated: Negotiated, counters: WireCounters) {
        self.channel = channel
        self.sni = sni
        self.counters = counters
        plane = negotiated.plane
        leafDER = negotiated.leafDER
        remoteAddress = NodeAddress(channel.remoteAddress)
        localAddress = NodeAddress(channel.localAddress)
    }

    /// The protocol agreed on in ALPN.
    package var alpn: String { plane.alpn }

    /// Says goodbye in TLS and closes. May be called at any time, more than once.
    package func close() { channel.close(promise: nil) }

    /// Closes after `time`, unless somebody did before.
    func close(within time: TimeAmount) {
        let channel = channel
        let late = channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in late.cancel() }
    }

    /// Returns once the connection is closed, whoever closed it.
    package func closed() async { try? await channel.closeFuture.get() }

    /// Puts the plane's handlers in the gate's place. Whatever the peer sent since the handshake reaches them first.
    func install<Handler>(
        _ make: @Sendable @escaping (any Channel) throws -> (Handler, [any ChannelHandler])
    ) async throws -> NIOLoopBound<Handler> {
        let channel = channel
        return try await channel.eventLoop.flatSubmit { () -> EventLoopFuture<NIOLoopBound<Handler>> in
            let pipeline = channel.pipeline.syncOperations
            do {
                let gate = try pipeline.handler(type: ConnectionGate.self)
                let (handler, handlers) = try make(channel)
                try pipeline.addHandlers(handlers)
                let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
                // Before the gate lets out what it holds: a handler that wants no more yet must have the last word.
                try channel.syncOptions?.setOption(.autoRead, value: true)
                return pipeline.removeHandler(gate).map { bound }
            } catch {
                return channel.eventLoop.makeFailedFuture(error)
            }
        }.get()
    }
}

extension NodeAddress {
    /// The numeric form of a socket's address; link-local ones with their interface.
    init(_ address: SocketAddress?) {
        let host = address?.ipAddress ?? "unknown"
        var scope = ""
        if let address, address.scope != 0, !host.contains("%") { scope = "%\(address.scope)" }
        self.init(host: host + scope, port: UInt16(clamping: address?.port ?? 0))
    }
}
