import MeshTransport
import MeshWire
import NIOConcurrencyHelpers

/// Which session a lane that arrives belongs to.
final class ChannelRegistry: Sendable {
    private struct Entry {
        let session: PeerSession
        let peer: NodeID
    }

    private let sessions = NIOLockedValueBox<[ChannelID: Entry]>([:])

    func add(_ channel: ChannelID, _ session: PeerSession, peer: NodeID) {
        sessions.withLockedValue { $0[channel] = Entry(session: session, peer: peer) }
    }

    func remove(_ channel: ChannelID) {
        _ = sessions.withLockedValue { $0.removeValue(forKey: channel) }
    }

    /// The session of a channel, where `peer` is its other end.
    func session(of channel: ChannelID, peer: NodeID) -> PeerSession? {
        sessions.withLockedValue { $0[channel] }.flatMap { $0.peer == peer ? $0.session : nil }
    }
}
