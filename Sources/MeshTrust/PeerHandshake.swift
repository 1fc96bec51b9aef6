package import MeshWire

/// What is known of a peer after a TLS handshake, before its first frame.
package struct PeerHandshake: Sendable {
    /// The protocol TLS agreed on, nil where it agreed on none.
    package var alpn: String?
    /// The peer's own certificate, nil where it showed none.
    package var leafDER: [UInt8]?
    /// Nanoseconds since 1970.
    package var now: Int64
    package var expectation: PeerExpectation

    package init(alpn: String?, leafDER: [UInt8]?, now: Int64, expectation: PeerExpectation) {
        self.alpn = alpn
        self.leafDER = leafDER
        self.now = now
        self.expectation = expectation
    }
}

/// Whom we are ready to talk to on this connection.
package struct PeerExpectation: Sendable {
    /// Whose word the peer's certificate is.
    package enum Authority: Sendable, Hashable {
        /// A mesh's: the name in the certificate is the mesh's word.
        case mesh
        /// A code's: whoever has the code can write any name into a certificate, so none is believed.
        case code
    }

    /// The protocols that may be spoken here.
    package var protocols: [String]
    package var authority: Authority
    /// Our own name: a node never talks to itself.
    package var own: NodeID
    /// The one node that may be here, nil where any member may.
    package var pinned: NodeID?
    /// The mesh's newest list, nil under a code.
    package var revocations: RevocationList?

    package init(
        protocols: [String], authority: Authority, own: NodeID, pinned: NodeID? = nil,
        revocations: RevocationList? = nil
    ) {
        self.protocols = protocols
        self.authority = authority
        self.own = own
        self.pinned = pinned
        self.revocations = revocations
    }
}

/// Who the peer is, once it has passed.
package struct PeerIdentity: Sendable, Hashable {
    package let nodeID: NodeID
    /// Its name in the mesh, nil under a code.
    package let name: String?
    /// Its key, SubjectPublicKeyInfo: what its receipts are verified with.
    package let publicKeyDER: [UInt8]

    package init(nodeID: NodeID, name: String?, publicKeyDER: [UInt8]) {
        self.nodeID = nodeID
        self.name = name
        self.publicKeyDER = publicKeyDER
    }
}
