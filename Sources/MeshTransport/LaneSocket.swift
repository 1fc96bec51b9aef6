import CPosix
import Glibc
import MeshChannel
import NIOCore

/// A lane's socket options.
enum LaneSocket {
    /// Linux's TCP_NOTSENT_LOWAT (tcp(7)).
    private static let notSentLowWater = NIOBSDSocket.Option(rawValue: 25)

    static func prepare(_ channel: any Channel) throws {
        guard let options = channel.syncOptions else { return }
        // Sixteen TLS records a read.
        try options.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 256 * 1024))
        // One read, one batch; then the loop's other connections.
        try options.setOption(.maxMessagesPerRead, value: 1)
        // Not one packet is held back for more to come: what should go together is written together.
        try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        // The system takes no more than this beyond what the network has room for, so a message has little before it.
        try options.setOption(.tcpOption(notSentLowWater), value: 128 * 1024)
    }

    /// Closes without a goodbye of TLS, which would be waited for, and tells the peer at once (RST), where the system would
    /// wait with it until TCP tries the next time.
    static func closeAbruptly(_ channel: any Channel) {
        _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        let below = try? channel.pipeline.syncOperations.context(handlerType: WireCountingHandler.self)
        if let below { below.close(promise: nil) } else { channel.close(promise: nil) }
    }

    /// What the connection has waited for so far; nil where the system does not tell.
    static func sendingTimes(_ channel: any Channel) -> SendingTimes? {
        state(channel).map {
            SendingTimes(busy: $0.busy, windowLimited: $0.window_limited, bufferLimited: $0.buffer_limited)
        }
    }

    /// How often TCP has sent the oldest bytes again without an answer; 0 where the system does not tell.
    static func repeats(_ channel: any Channel) -> Int { Int(state(channel)?.repeats ?? 0) }

    private static func state(_ channel: any Channel) -> mesh_tcp_state? {
        let state = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { socket -> mesh_tcp_state? in
            var state = mesh_tcp_state()
            return mesh_tcp_state_of(socket, &state) == 0 ? state : nil
        }
        return state.flatMap(\.self)
    }
}
