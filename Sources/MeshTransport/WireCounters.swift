import NIOCore
import Synchronization

/// Bytes of one connection as they cross the wire, TLS included. Readable from anywhere at any time.
package final class WireCounters: Sendable {
    private let inbound = Atomic<UInt64>(0)
    private let outbound = Atomic<UInt64>(0)

    init() {}

    /// Bytes that came out of the socket.
    package var received: UInt64 { inbound.load(ordering: .relaxed) }
    /// Bytes handed to the socket.
    package var sent: UInt64 { outbound.load(ordering: .relaxed) }

    fileprivate func received(_ count: Int) { inbound.wrappingAdd(UInt64(count), ordering: .relaxed) }
    fileprivate func sent(_ count: Int) { outbound.wrappingAdd(UInt64(count), ordering: .relaxed) }
}

/// Counts what passes; the first handler of every connection, below TLS.
final class WireCountingHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let counters: WireCounters

    init(_ counters: WireCounters) {
        self.counters = counters
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        counters.received(unwrapInboundIn(data).readableBytes)
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        counters.sent(unwrapOutboundIn(data).readableBytes)
        context.write(data, promise: promise)
    }
}
