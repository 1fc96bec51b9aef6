package import MeshWire

/// A node met so far.
package struct PeerRecord: Hashable, Sendable {
    package var node: NodeID
    /// Its name in a mesh; nil where only a code was shared.
    package var name: String?
    /// What it called itself when it was last met.
    package var label: String?
    /// Its SubjectPublicKeyInfo, DER.
    package var publicKey: [UInt8]?
    /// Where it was last reached: `host:port`.
    package var address: String?
    /// Nanoseconds since 1970.
    package var firstSeen: Int64
    /// Nanoseconds since 1970.
    package var lastSeen: Int64

    package init(
        node: NodeID, name: String? = nil, label: String? = nil, publicKey: [UInt8]? = nil, address: String? = nil,
        firstSeen: Int64,
        lastSeen: Int64
    ) {
        self.node = node
        self.name = name
        self.label = label
        self.publicKey = publicKey
        self.address = address
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
    }
}

/// A mesh this node is or was a member of.
package struct MeshRecord: Hashable, Sendable {
    /// SHA-256 of the authority's SubjectPublicKeyInfo.
    package var authority: Bytes32
    /// What people call the mesh.
    package var name: String
    /// This node's name in it.
    package var member: String
    /// Nanoseconds since 1970.
    package var joined: Int64
    /// Nanoseconds since 1970; nil while a member.
    package var parted: Int64?

    package init(authority: Bytes32, name: String, member: String, joined: Int64, parted: Int64? = nil) {
        self.authority = authority
        self.name = name
        self.member = member
        self.joined = joined
        self.parted = parted
    }
}
