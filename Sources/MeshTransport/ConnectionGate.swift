import NIOCore
import NIOSSL
import NIOTLS

/// What a finished TLS handshake gave.
struct Negotiated: Sendable {
    var plane: Plane
    var leafDER: [UInt8]
}

/// The last handler of a connection until its plane takes over: waits for the handshake, within a limit, and then holds
/// back what the peer already sent.
///
/// ```
/// waiting ──handshake done──▶ holding ──plane's handlers added, gate removed──▶ (gone)
///    ├──rejected──▶ parting ──▶┐
///    └──error, end, limit──────┴──▶ failed
/// ```
final class ConnectionGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private enum State {
        case waiting(EventLoopPromise<Negotiated>, limit: Scheduled<Void>?)
        case parting(EventLoopPromise<Negotiated>, limit: Scheduled<Void>, HandshakeFailure)
        case holding([ByteBuffer])
        case failed
    }

    /// How long a rejected client may take to close: closing first could reset the connection before it has read why.
    private static let farewell = TimeAmount.seconds(1)

    private var state: State
    private let counters: WireCounters
    private let planes: [Plane]
    private let limit: TimeAmount

    /// - Parameters:
    ///   - planes: those that may come out of the handshake.
    ///   - limit: from now until the handshake is done.
    init(_ outcome: EventLoopPromise<Negotiated>, planes: [Plane], limit: TimeAmount, counters: WireCounters) {
        state = .waiting(outcome, limit: nil)
        self.planes = planes
        self.limit = limit
        self.counters = counters
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard case .waiting(let outcome, _) = state else { return }
        state = .waiting(outcome, limit: fail(.timedOut, after: limit, context))
    }

    private func fail(
        _ reason: HandshakeFailure, after limit: TimeAmount, _ context: ChannelHandlerContext
    ) -> Scheduled<Void> {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: limit) {
            let (gate, context) = bound.value
            gate.fail(reason, context)
        }
    }

    /// Before TLS: sends `alert` in clear and closes, which the client has a moment to read.
    func reject(_ reason: HandshakeFailure, alert: [UInt8], _ channel: any Channel) throws {
        let context = try channel.pipeline.syncOperations.context(handler: self)
        guard case .waiting(let outcome, let timer) = state else { return }
        timer?.cancel()
        state = .parting(outcome, limit: fail(reason, after: Self.farewell, context), reason)
        context.writeAndFlush(NIOAny(ByteBuffer(bytes: alert)), promise: nil)
        context.close(mode: .output, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted(let alpn) = event else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard case .waiting(let outcome, let timer) = state else { return }
        guard let plane = alpn.flatMap(Plane.init(rawValue:)), planes.contains(plane) else {
            return fail(HandshakeFailure.incompatible("no common protocol"), context)
        }
        do {
            let handler = try context.pipeline.syncOperations.handler(type: NIOSSLHandler.self)
            guard let leaf = try handler.peerCertificate?.toDERBytes() else {
                return fail(HandshakeFailure.untrusted, context)
            }
            // Nothing more is read until somebody is there to take it.
            try context.channel.syncOptions?.setOption(.autoRead, value: false)
            timer?.cancel()
            state = .holding([])
            outcome.succeed(Negotiated(plane: plane, leafDER: leaf))
        } catch {
            fail(error, context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .holding(var held):
            state = .failed  // releases the state's reference, so that appending does not copy
            held.append(unwrapInboundIn(data))
            state = .holding(held)
        case .waiting, .parting, .failed: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch state {
        case .waiting, .parting: fail(error, context)
        case .holding: context.fireErrorCaught(error)
        case .failed: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(HandshakeFailure.interrupted("closed during the handshake"), context)
        context.fireChannelInactive()
    }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        switch state {
        case .waiting(let outcome, let timer):
            state = .failed
            timer?.cancel()
            outcome.fail(HandshakeFailure(error))
        case .parting(let outcome, let timer, let reason):
            state = .failed
            timer.cancel()
            outcome.fail(reason)
        case .holding, .failed: return
        }
        // Not through TLS, which would wait for the other side's goodbye.
        context.channel.close(promise: nil)
    }

    func removeHandler(context: ChannelHandlerContext, removalToken: ChannelHandlerContext.RemovalToken) {
        if case .holding(let held) = state, !held.isEmpty {
            state = .holding([])
            for buffer in held { context.fireChannelRead(wrapInboundOut(buffer)) }
            context.fireChannelReadComplete()
        }
        context.leavePipeline(removalToken: removalToken)
    }
}
