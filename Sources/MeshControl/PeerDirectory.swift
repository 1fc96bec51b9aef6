package import MeshWire

/// A node that answered a discovery question, and where it listens.
package struct FoundNode: Hashable, Sendable {
    package var node: NodeID
    package var addresses: [NodeAddress]

    package init(node: NodeID, addresses: [NodeAddress]) {
        self.node = node
        self.addresses = addresses
    }
}

/// Who was heard of lately, and where they listen: hearsay, a reason to dial and never a reason to trust.
///
/// ```
/// unknown ──heard──▶ listed ──heard, other addresses──▶ listed (changed)
///    ▲                 │
///    └──left, or 60 s──┘
/// ```
/// Times are nanoseconds of a clock that never goes back.
package struct PeerDirectory: Sendable {
    /// A listed node that is not heard of for this long has left: two announcements of 30 s.
    package static let expiry: UInt64 = 60_000_000_000
    /// Nodes listed at most, so that nobody who holds the discovery key can fill our memory: 4,096 × 16 addresses of
    /// about 64 bytes are 4 MiB.
    package static let limit = 4_096

    private struct Entry: Sendable {
        var addresses: [NodeAddress]
        var heard: UInt64
    }

    private var entries: [NodeID: Entry] = [:]

    package init() {}

    package enum OnHeard: Hashable, Sendable {
        /// Tell the user; dial if there is a reason to.
        case joined
        /// It listens elsewhere from now on.
        case changed
        /// Nothing new; its time starts again.
        case refreshed
        /// The directory is full: forget what was heard.
        case full
    }

    /// `found` answered at `now`. Addresses beyond the limit of one answer are dropped.
    package mutating func heard(_ found: FoundNode, at now: UInt64) -> OnHeard {
        let addresses = Array(found.addresses.prefix(DiscoveryMessage.addressLimit))
        let known = entries[found.node]
        guard known != nil || entries.count < Self.limit else { return .full }
        entries[found.node] = Entry(addresses: addresses, heard: now)
        guard let known else { return .joined }
        return known.addresses == addresses ? .refreshed : .changed
    }

    /// The node said that it leaves, or turned out not to be what it claims. Answers whether it was listed.
    package mutating func left(_ node: NodeID) -> Bool { entries.removeValue(forKey: node) != nil }

    /// Drops the nodes whose time is up and answers them, lowest NodeID first.
    package mutating func tick(at now: UInt64) -> [NodeID] {
        let gone = entries.filter { $0.value.heard < now && now - $0.value.heard >= Self.expiry }.keys.sorted()
        for node in gone { entries[node] = nil }
        return gone
    }

    /// Where `node` listens, as heard last; nil where it is not listed.
    package func addresses(of node: NodeID) -> [NodeAddress]? { entries[node]?.addresses }

    /// All nodes listed, lowest NodeID first.
    package var nodes: [FoundNode] {
        entries.sorted { $0.key < $1.key }.map { FoundNode(node: $0.key, addresses: $0.value.addresses) }
    }
}
