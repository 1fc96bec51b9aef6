import MeshControl
package import MeshWire
import NIOCore
import Synchronization

/// One control link: a connection of the control plane that carries ``ControlMessage``s both ways.
package final class ControlLink: Sendable {
    /// Sees every frame; for tests.
    package typealias Tap = @Sendable (_ frame: ControlFrame, _ isOutbound: Bool) -> Void
    /// Nanoseconds since 1970.
    package typealias Clock = @Sendable () -> Int64

    package let connection: SecureConnection
    /// What the peer says, in order. For one consumer; while that is behind, nothing more is read from the socket. Ends
    /// when the link does, with a ``TransportError`` unless we closed it or the peer took its leave in TLS.
    package let inbound: ControlFrames

    private let me: NodeID
    private let clock: Clock
    private let tap: Tap?
    private let sequence = Mutex(ControlSequence())

    private init(
        _ connection: SecureConnection, _ inbound: ControlFrames, me: NodeID, _ clock: @escaping Clock, _ tap: Tap?
    ) {
        self.connection = connection
        self.inbound = inbound
        self.me = me
        self.clock = clock
        self.tap = tap
    }

    /// Makes a link of a connection of the control plane. Frames that do not say they are from `peer` close it.
    package static func open(
        _ connection: SecureConnection, me: NodeID, peer: NodeID, clock: @escaping Clock, tap: Tap? = nil
    ) async throws(TransportError) -> ControlLink {
        precondition(connection.plane == .control, "a control link on the \(connection.plane) plane")
        let reading = ReadingDelegate(connection.channel)
        let (source, frames) = ControlFrames.make(reading)
        do {
            _ = try await connection.install { _ in
                let handler = ControlLinkHandler(source, peer: peer, remote: connection.remoteAddress, tap: tap)
                let decoder = LengthPrefixDecoder(what: "control message", limit: Limits.control)
                var handlers: [any ChannelHandler] = [
                    ByteToMessageHandler(decoder, maximumBufferSize: Limits.control + 4), handler,
                ]
                #if DEBUG
                    if let tap = ControlTap() { handlers.insert(tap, at: 0) }
                #endif
                return (handler, handlers)
            }
        } catch {
            connection.close()
            throw .closed
        }
        return ControlLink(connection, frames, me: me, clock, tap)
    }

    /// Sends a message and returns once the socket took it, so that whoever sends more than the peer reads waits.
    package func send(_ message: ControlMessage) async throws(TransportError) {
        let written = try enqueue(message)
        do {
            try await written.get()
        } catch {
            throw .closed
        }
    }

    /// Numbers, encodes and hands over in one step: two senders' messages go out in the order of their numbers.
    private func enqueue(_ message: ControlMessage) throws(TransportError) -> EventLoopFuture<Void> {
        try sequence.withLock { sequence throws(TransportError) in
            var next = sequence
            let frame = ControlFrame(from: me, sequence: next.next(), time: clock(), message: message)
            guard let json = try? frame.encoded() else { throw .violation("a control message of ours has no JSON") }
            guard json.count <= Limits.control else { throw .oversized(json.count) }
            sequence = next
            tap?(frame, true)
            return connection.channel.writeAndFlush(ByteBuffer(lengthPrefixed: json))
        }
    }

    /// Lets the peer close first, for closing before it has read everything could reset the connection; closes after
    /// `time` at the latest.
    package func closed(within time: Duration) async {
        connection.close(within: TimeAmount(time))
        await connection.closed()
    }

    /// Says a last word, where there is one, and closes once the socket took it, or after 1 s where it takes none. Works in a
    /// cancelled task, too; returns once the link is closed.
    package func part(saying reason: FailureCode?) async {
        let connection = connection
        if let reason, let written = try? enqueue(.leaving(reason)) {
            connection.close(within: .seconds(1))
            written.whenComplete { _ in connection.close() }
        } else {
            connection.close()
        }
        await connection.closed()
    }

    /// Closes after `time` at the latest, whatever the peer does until then.
    package func close(within time: Duration) { connection.close(within: TimeAmount(time)) }

    /// Says goodbye in TLS and closes; ``inbound`` ends.
    package func close() { connection.close() }
}

/// The frames of one link; see ``ControlLink/inbound``.
package struct ControlFrames: AsyncSequence, Sendable {
    fileprivate typealias Strategy = NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark
    fileprivate typealias Producer = NIOThrowingAsyncSequenceProducer<
        ControlFrame, any Error, Strategy, ReadingDelegate
    >
    typealias Source = NIOThrowingAsyncSequenceProducer<
        ControlFrame, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, ReadingDelegate
    >.Source

    /// Reading stops at 16 frames that wait and goes on at 4. One read of the socket may bring more; its bytes are bounded.
    private static let highest = 16
    private static let lowest = 4

    private let producer: Producer

    fileprivate static func make(_ delegate: ReadingDelegate) -> (Source, ControlFrames) {
        let made = Producer.makeSequence(
            elementType: ControlFrame.self,
            backPressureStrategy: Strategy(lowWatermark: lowest, highWatermark: highest), finishOnDeinit: true,
            delegate: delegate)
        return (made.source, ControlFrames(producer: made.sequence))
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: Producer.AsyncIterator

        package mutating func next() async throws -> ControlFrame? { try await base.next() }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: producer.makeAsyncIterator()) }
}

/// Lets the consumer's pace decide when the socket is read.
final class ReadingDelegate: NIOAsyncSequenceProducerDelegate {
    private let channel: any Channel

    init(_ channel: any Channel) {
        self.channel = channel
    }

    func produceMore() { channel.setOption(.autoRead, value: true).whenFailure { _ in } }

    /// Nobody listens any more: nothing more is read. The link's owner closes it, and may have a last word before.
    func didTerminate() { channel.setOption(.autoRead, value: false).whenFailure { _ in } }
}
