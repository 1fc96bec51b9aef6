package import MeshWire

/// One epoch of a prime channel.
package struct ChannelRecord: Hashable, Sendable {
    package var id: ChannelID
    /// Counted up by each recovery.
    package var epoch: UInt32
    package var peer: NodeID
    /// The prime set it runs on, by name.
    package var primeSet: String
    /// Lanes agreed on.
    package var lanes: Int
    /// Nanoseconds since 1970.
    package var opened: Int64
    /// Nanoseconds since 1970; nil while open.
    package var closed: Int64?
    /// Why it closed.
    package var reason: String?

    package init(
        id: ChannelID, epoch: UInt32, peer: NodeID, primeSet: String, lanes: Int, opened: Int64, closed: Int64? = nil,
        reason: String? = nil
    ) {
        self.id = id
        self.epoch = epoch
        self.peer = peer
        self.primeSet = primeSet
        self.lanes = lanes
        self.opened = opened
        self.closed = closed
        self.reason = reason
    }
}
