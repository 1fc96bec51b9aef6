package import MeshWire

/// Between whom a channel is, as one end sees it.
package struct ChannelEnds: Hashable, Sendable {
    package var local: NodeID
    package var remote: NodeID
    /// Ours: whether we dial the lanes or wait for them.
    package var role: ChannelRole
    /// What the pair pinned in both journals at its first meeting, where it has.
    package var resumeSecret: Bytes32?

    package init(local: NodeID, remote: NodeID, role: ChannelRole, resumeSecret: Bytes32? = nil) {
        self.local = local
        self.remote = remote
        self.role = role
        self.resumeSecret = resumeSecret
    }

    /// Crossing offers: where each end offered before it had the other's offer, the one of the lower NodeID stays. The
    /// other end drops its own offer and answers; the lower NodeID leaves the other's offer unanswered.
    package var ourOfferStays: Bool { local < remote }
}

/// One epoch of a channel as both ends agreed on it.
package struct AgreedChannel: Hashable, Sendable {
    package let channel: ChannelID
    package let epoch: UInt32
    package let set: PrimeSetName
    /// All 32 primes of the set in the pair's order: lane *k* has the *k*-th.
    package let primes: [UInt16]
    /// Lanes to begin with, 1 to 8.
    package let lanes: Int
    package let key: ChannelKey
    /// Where the dialer dials lanes when not at the control link's own address; nil at the listener.
    package let dataHost: String?
    package let dataPort: Int?
    package let local: NodeID
    package let remote: NodeID
    package let role: ChannelRole

    /// Both ends must derive this alike; it is what `ready` carries.
    package var fingerprint: Bytes32 { key.fingerprint(set: set, lanes: lanes) }
}
