import Crypto
import MeshWire
import X509

/// The one place where a peer is judged, after every handshake and before the first frame. TLS has verified the chain
/// and that the peer holds its key; everything that TLS session resumption could skip is looked at here again.
package enum PeerCheck {
    /// Each check in order; the first that fails is the answer.
    package static func identity(of handshake: PeerHandshake) throws(PeerRejection) -> PeerIdentity {
        let expected = handshake.expectation
        try checkProtocol(handshake.alpn, expected: expected.protocols)
        let leaf = try certificate(handshake.leafDER)
        let publicKeyDER = try publicKey(of: leaf)
        let nodeID = NodeIdentity.nodeID(ofSPKI: publicKeyDER)
        try checkSubject(of: leaf, is: nodeID)
        try checkDates(of: leaf, at: handshake.now)
        try checkNotRevoked(nodeID, by: expected.revocations)
        try checkPin(nodeID, is: expected.pinned)
        try checkNotOurselves(nodeID, own: expected.own)
        return PeerIdentity(
            nodeID: nodeID, name: try name(in: leaf, by: expected.authority), publicKeyDER: publicKeyDER)
    }

    /// One port may serve several protocols, so a peer must have asked for the one it is here for.
    static func checkProtocol(_ alpn: String?, expected: [String]) throws(PeerRejection) {
        guard let alpn, expected.contains(alpn) else { throw .otherProtocol(alpn) }
    }

    static func certificate(_ bytes: [UInt8]?) throws(PeerRejection) -> Certificate {
        guard let bytes else { throw .noCertificate }
        guard let certificate = Certificate(bounded: bytes) else { throw .certificateUnreadable }
        return certificate
    }

    /// SubjectPublicKeyInfo in its one canonical form: a key has one NodeID whatever way its certificate spells it.
    static func publicKey(of leaf: Certificate) throws(PeerRejection) -> [UInt8] {
        guard let key = P256.Signing.PublicKey(leaf.publicKey) else { throw .keyKindUnknown }
        return Array(key.derRepresentation)
    }

    /// A certificate is for a node, not for an authority, and says so by its subject.
    static func checkSubject(of leaf: Certificate, is nodeID: NodeID) throws(PeerRejection) {
        guard leaf.commonName == nodeID.description else { throw .subjectDiffers(nodeID) }
    }

    static func checkDates(of leaf: Certificate, at now: Int64) throws(PeerRejection) {
        let dates = leaf.dates
        guard now.wholeSeconds >= dates.notBefore else {
            throw .notYetValid(seconds: dates.notBefore - now.wholeSeconds)
        }
        guard now.wholeSeconds <= dates.notAfter else { throw .ranOut(seconds: now.wholeSeconds - dates.notAfter) }
    }

    static func checkNotRevoked(_ nodeID: NodeID, by list: RevocationList?) throws(PeerRejection) {
        if let list, list.contains(nodeID) { throw .revoked(nodeID) }
    }

    static func checkPin(_ nodeID: NodeID, is pinned: NodeID?) throws(PeerRejection) {
        if let pinned, pinned != nodeID { throw .otherNode(nodeID, expected: pinned) }
    }

    static func checkNotOurselves(_ nodeID: NodeID, own: NodeID) throws(PeerRejection) {
        if nodeID == own { throw .ourselves }
    }

    static func name(in leaf: Certificate, by authority: PeerExpectation.Authority) throws(PeerRejection) -> String? {
        switch authority {
        case .code: return nil
        case .mesh:
            guard let dnsName = leaf.dnsNames.first, let name = MemberName(dnsName: dnsName) else { throw .noName }
            return name.description
        }
    }
}
