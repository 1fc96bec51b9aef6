import MeshChannel
package import MeshWire
package import NIOCore

/// One lane of a channel: a connection that both ends have proved to belong to it. Methods return at once and may be
/// called from any task; what they start happens on the lane's event loop, in the order of the calls.
package final class Lane: Sendable {
    package let name: LaneName
    package let connection: SecureConnection
    private let core: LaneCore

    init(_ name: LaneName, _ core: LaneCore) {
        self.name = name
        self.connection = core.connection
        self.core = core
    }

    /// What happens on the lane, for one consumer. Chunks that arrived are paid back with ``free(bytes:)``.
    package var events: LaneEvents { LaneEvents(mailbox: core.mailbox) }

    /// One whole frame of a message or acknowledgement. Leaves before all chunk bytes that wait here.
    package func send(message frame: ByteBuffer) { core.onLoop { $0.send(message: frame) } }

    /// Chunks as `FrameEncoder` laid them out, in all at most what ``room`` gives as credit: more closes the lane.
    package func send(chunks: [ByteBuffer]) {
        core.ledger.gave(chunks.reduce(0) { $0 + $1.readableBytes })
        core.onLoop { $0.send(chunks: chunks) }
    }

    /// Chunk bytes that wait here, and chunk bytes that may still be sent. Counts every call of ``send(chunks:)`` that
    /// was made before.
    package var room: (queued: Int, credit: UInt64) { core.ledger.room }

    /// For what part of the last 100 ms in which chunks left the network was what they waited for.
    package var networkShare: NetworkShare { core.ledger.networkShare }

    /// Received chunks of this cost in all (`InboundChunk.cost`) take no memory any more: the peer may send as much anew.
    package func free(bytes: Int) { core.onLoop { $0.free(bytes) } }

    /// Sends a probe; the answer comes as ``LaneEvent/echo(number:roundTrip:)``.
    package func probe(number: UInt64) { core.onLoop { $0.probe(number) } }

    /// Asks the system how the lane does; ``takeRepeats()`` has the answer a moment later.
    package func examine() { core.onLoop { $0.examine() } }

    /// How often TCP had sent the lane's oldest bytes again without an answer, once for each ``examine()``. Grows with the
    /// time for which a path is dead, and stays 0 where one is only slow.
    package func takeRepeats() -> Int? { core.ledger.takeRepeats() }

    /// Tells the peer that no more new work should go on this lane.
    package func drain() { core.onLoop { $0.send(.drain) } }

    /// The newest writes since the last call, at most 64, for the lane's health.
    package func takeWrites() -> [LaneWrite] { core.ledger.takeWrites() }

    /// Closes now; what waits is lost.
    package func close(_ reason: LaneClosure = .done) { core.onLoop { $0.close(reason) } }

    /// Closes now, and has the peer hear of it at once if it can hear anything: for a lane that nobody answers.
    package func abort() { core.onLoop { $0.close(.done, isAbrupt: true) } }

    /// Closes once the socket has taken all that waits.
    package func closeWhenSent() { core.onLoop { $0.closeWhenSent() } }

    /// Bytes on the wire, TLS included.
    package var counters: WireCounters { connection.counters }
}

/// A lane before and after its handshake: the handler on its loop, and how to reach it.
struct LaneCore: Sendable {
    let connection: SecureConnection
    let mailbox: LaneMailbox
    let ledger: LaneLedger
    private let handler: NIOLoopBound<LaneHandler>

    /// Puts the lane's handler on a connection of the lane plane. From here on the connection is closed when the
    /// handshake takes longer than `limit`.
    init(_ connection: SecureConnection, limit: Duration) async throws(TransportError) {
        precondition(connection.plane == .lane, "a lane on the \(connection.plane) plane")
        let ledger = LaneLedger()
        let mailbox = LaneMailbox(ledger)
        do {
            handler = try await connection.install { channel in
                try LaneSocket.prepare(channel)
                let handler = LaneHandler(mailbox, ledger, handshakeLimit: TimeAmount(limit))
                let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
                let loop = channel.eventLoop
                mailbox.onCatchingUp { loop.execute { bound.value.resumeReading() } }
                return (handler, [handler])
            }
        } catch {
            connection.close()
            throw .laneClosed(.interrupted("closed before the lane's handshake"))
        }
        self.connection = connection
        self.mailbox = mailbox
        self.ledger = ledger
    }

    func onLoop(_ act: @Sendable @escaping (LaneHandler) -> Void) {
        let handler = handler
        connection.channel.eventLoop.execute { act(handler.value) }
    }
}
