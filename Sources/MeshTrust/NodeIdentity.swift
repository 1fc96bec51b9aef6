import Crypto
import FoundationEssentials
package import MeshWire
import SwiftASN1
import X509

/// A node's lasting key: ECDSA over P-256. Who holds it is the node.
package struct NodeIdentity: Sendable {
    let key: P256.Signing.PrivateKey

    /// The node's lasting name: SHA-256 of ``publicKeyDER``.
    package let nodeID: NodeID

    /// A new key, from the system's randomness by way of swift-crypto.
    package init() {
        self.init(key: P256.Signing.PrivateKey())
    }

    /// The identity whose ``storedRepresentation`` these bytes are.
    package init(stored bytes: [UInt8]) throws(IdentityError) {
        guard bytes.count == 32, let key = try? P256.Signing.PrivateKey(rawRepresentation: bytes) else {
            throw .keyUnreadable
        }
        self.init(key: key)
    }

    private init(key: P256.Signing.PrivateKey) {
        self.key = key
        nodeID = Self.nodeID(ofSPKI: Array(key.publicKey.derRepresentation))
    }

    /// The private key's 32 bytes: a secret, for a file of mode 0600.
    package var storedRepresentation: [UInt8] { Array(key.rawRepresentation) }

    /// The private key as TLS libraries read it: PKCS #8, DER.
    package var privateKeyDER: [UInt8] { Array(key.derRepresentation) }

    /// The public key as SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7), point uncompressed.
    package var publicKeyDER: [UInt8] { Array(key.publicKey.derRepresentation) }

    /// Signs SHA-256 of `bytes`: ECDSA, DER. Two signatures of the same bytes differ, and both are good.
    package func sign(_ bytes: [UInt8]) throws -> [UInt8] {
        Array(try key.signature(for: bytes).derRepresentation)
    }
}

extension NodeIdentity {
    /// Whether the holder of the key `publicKeyDER` signed `bytes`. False, too, where key or signature is malformed.
    package static func verify(signature: [UInt8], of bytes: [UInt8], publicKeyDER: [UInt8]) -> Bool {
        guard let key = try? P256.Signing.PublicKey(derRepresentation: publicKeyDER),
            let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature)
        else { return false }
        return key.isValidSignature(signature, for: bytes)
    }

    /// The name of the node whose SubjectPublicKeyInfo this is; the bytes are hashed as they are.
    package static func nodeID(ofSPKI bytes: [UInt8]) -> NodeID {
        NodeID(Bytes32(SHA256.hash(data: bytes)) ?? Bytes32())
    }

    /// The name of the node whose key `certificate` carries. Says nothing about who signed it.
    package static func nodeID(ofCertificateDER bytes: [UInt8]) throws(IdentityError) -> NodeID {
        guard let certificate = Certificate(bounded: bytes) else { throw .certificateUnreadable }
        guard let key = P256.Signing.PublicKey(certificate.publicKey) else { throw .keyKindUnknown }
        return nodeID(ofSPKI: Array(key.derRepresentation))
    }
}

/// Why a key or a certificate gives no identity.
package enum IdentityError: Error, Hashable, Sendable {
    case keyUnreadable
    case certificateUnreadable
    case keyKindUnknown
}

extension IdentityError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .keyUnreadable:
            "the stored node key is damaged; restore its 32 bytes from a backup, or remove it to become a new node"
        case .certificateUnreadable: "the certificate cannot be read; have it issued again"
        case .keyKindUnknown: "the certificate's key is not a P-256 key; have it issued for this node's key"
        }
    }
}
