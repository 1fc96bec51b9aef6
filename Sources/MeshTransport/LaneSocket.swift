import CPosix
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

    /// What the connection has waited for so far; nil where the system does not tell.
    static func sendingTimes(_ channel: any Channel) -> SendingTimes? {
        let times = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { socket -> SendingTimes? in
            var times = mesh_sending_times()
            guard mesh_sending_times_of(socket, &times) == 0 else { return nil }
            return SendingTimes(
                busy: times.busy, windowLimited: times.window_limited, bufferLimited: times.buffer_limited)
        }
        return times.flatMap(\.self)
    }
}
