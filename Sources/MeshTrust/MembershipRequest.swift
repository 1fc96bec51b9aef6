import Crypto
import FoundationEssentials
package import MeshWire
import SwiftASN1
import X509

/// A node asking for membership: a certificate signing request (PKCS #10, RFC 2986), signed with the key it is about.
package struct MembershipRequest: Sendable {
    /// Bytes of a request at most; ours have about 250.
    package static let limit = 4 * 1024

    /// The request as it travels, DER.
    package let der: [UInt8]
    /// Who asks.
    package let nodeID: NodeID
    let publicKey: P256.Signing.PublicKey

    /// Asks for `identity`.
    package init(for identity: NodeIdentity) throws {
        let request = try CertificateSigningRequest(
            version: .v1, subject: try DistinguishedName { CommonName(identity.nodeID.description) },
            privateKey: Certificate.PrivateKey(identity.key), attributes: CertificateSigningRequest.Attributes(),
            signatureAlgorithm: .ecdsaWithSHA256)
        var serializer = DER.Serializer()
        try serializer.serialize(request)
        der = serializer.serializedBytes
        nodeID = identity.nodeID
        publicKey = identity.key.publicKey
    }

    /// Reads what a node sent and checks that it holds the key. Nothing else in the request is believed.
    package init(verifying bytes: [UInt8]) throws(MembershipError) {
        guard bytes.count <= Self.limit else { throw .requestTooLarge(bytes.count) }
        guard let request = try? CertificateSigningRequest(derEncoded: bytes) else { throw .requestUnreadable }
        guard let key = P256.Signing.PublicKey(request.publicKey) else { throw .requestKeyKind }
        guard request.publicKey.isValidSignature(request.signature, for: request) else { throw .requestUnsigned }
        der = bytes
        publicKey = key
        nodeID = NodeIdentity.nodeID(ofSPKI: Array(key.derRepresentation))
    }
}
