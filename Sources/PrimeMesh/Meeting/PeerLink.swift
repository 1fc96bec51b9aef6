import MeshChannel
import MeshTransport
import MeshTrust
import MeshWire

/// A control link to a peer that passed every check, and what is needed to open lanes beside it.
struct PeerLink: Sendable {
    let control: ControlLink
    let peer: PeerIdentity
    let role: ChannelRole
    let scope: MeetingScope
    /// The resume secret of the code's pair, where this side has it.
    let pin: Bytes32?
    let lanes: Int
    /// Listener: where lanes are accepted, when not where the control link is.
    var dataHost: String?
    var dataPort: Int?

    var isCode: Bool { scope.isCode }

    /// Dialer: keeps the secret that the listener drew, before anything relies on it.
    func keepPin(_ secret: Bytes32) async throws {
        try await scope.keepPin(peer, secret)
    }

    /// Dialer: a connection for one lane, checked like the control link's, and to the same node. `limit`: how long the
    /// peer's system may take to answer.
    func dialLane(_ agreed: AgreedChannel, node: NodeContext, limit: Duration) async throws -> SecureConnection {
        let remote = control.connection.remoteAddress
        let port = agreed.dataPort.flatMap { UInt16(exactly: $0) } ?? remote.port
        let address = NodeAddress(host: agreed.dataHost ?? remote.host, port: port)
        let credentials = try scope.credentials(at: NodeClock.wall)
        let connection = try await node.dialer.dial(
            address, plane: .lane, credentials: credentials, connect: limit, timeout: .seconds(10))
        do {
            _ = try scope.check(connection, plane: .lane, pinned: peer.nodeID)
            return connection
        } catch {
            connection.close()
            throw error
        }
    }
}
