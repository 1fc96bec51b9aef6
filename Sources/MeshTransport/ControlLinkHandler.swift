import MeshControl
import MeshWire
import NIOCore

/// Decodes and checks what arrives on one control link, on its event loop.
final class ControlLinkHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let source: ControlFrames.Source
    private let peer: NodeID
    private let remote: NodeAddress
    private let tap: ControlLink.Tap?
    private var sequence = ControlSequence()
    private var isOver = false

    init(_ source: ControlFrames.Source, peer: NodeID, remote: NodeAddress, tap: ControlLink.Tap?) {
        self.source = source
        self.peer = peer
        self.remote = remote
        self.tap = tap
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        do throws(WireError) {
            let frame = try ControlFrame(reading: Array(buffer: unwrapInboundIn(data)))
            guard frame.from == peer else {
                return end(.violation("a frame names another sender than its link"), context)
            }
            switch sequence.arrived(frame.sequence) {
            case .inOrder: deliver(frame, context)
            case .broken(let expected, let got):
                end(.violation("the peer sent control message \(got) where \(expected) was due"), context)
            }
        } catch {
            end(.violation(error.description), context)
        }
    }

    private func deliver(_ frame: ControlFrame, _ context: ChannelHandlerContext) {
        tap?(frame, false)
        switch source.yield(frame) {
        case .produceMore, .dropped: break
        case .stopProducing: try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let error as WireError: end(.violation(error.description), context)
        default:
            // The decoder had part of a frame, or TLS broke off: the failure's own words.
            switch HandshakeFailure(error) {
            case .untrusted: end(.untrusted(remote), context)
            case .interrupted(let reason), .incompatible(let reason): end(.interrupted(remote, reason), context)
            case .unknownName, .busy, .timedOut, .credentials: end(.interrupted(remote, "\(error)"), context)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isOver {
            isOver = true
            source.finish()
        }
        context.fireChannelInactive()
    }

    private func end(_ reason: TransportError, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        source.finish(reason)
        context.close(promise: nil)
    }
}
