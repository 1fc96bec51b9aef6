import MeshTransport
import MeshWire
import NIOConcurrencyHelpers

/// What an arriving lane is handed to.
protocol LaneOwner: AnyObject, Sendable {
    /// Somebody opens a lane of the owner's channel.
    func admit(_ name: LaneName) async -> LaneAdmission
    /// A lane that was admitted is up; returns once it is over.
    func follow(_ lane: Lane) async
}

extension PeerSession: LaneOwner {}

/// Which owner a lane that arrives belongs to.
///
/// The dialer draws a channel's id, so an id alone says nothing: an entry is found by the id together with the node that
/// shows it, and only its own owner removes it.
final class ChannelRegistry: Sendable {
    private struct Key: Hashable {
        let peer: NodeID
        let channel: ChannelID
    }

    private let owners = NIOLockedValueBox<[Key: any LaneOwner]>([:])

    /// A newer owner takes an older one's place: the older one's link is gone or about to go.
    func add(_ channel: ChannelID, peer: NodeID, owner: any LaneOwner) {
        owners.withLockedValue { $0[Key(peer: peer, channel: channel)] = owner }
    }

    func remove(_ channel: ChannelID, peer: NodeID, owner: any LaneOwner) {
        let key = Key(peer: peer, channel: channel)
        owners.withLockedValue { owners in
            if owners[key] === owner { owners[key] = nil }
        }
    }

    func owner(of channel: ChannelID, peer: NodeID) -> (any LaneOwner)? {
        owners.withLockedValue { $0[Key(peer: peer, channel: channel)] }
    }
}
