import Crypto
import MeshWire
import X509

/// The certificate authority of one code. Both ends derive its key, so each can issue itself a certificate that the
/// other one accepts, and nobody else can: a finished handshake proves the code in both directions.
///
/// The two ends' root certificates differ in their signatures (ECDSA draws a random number) and are alike in all that
/// a chain is built by: subject, key and key identifier. The dates are wide and fixed, since the code expires and not
/// they.
package struct CodeAuthority: Sendable {
    /// The SNI name of the code.
    package let sni: String
    private let key: P256.Signing.PrivateKey
    private let root: Certificate

    package init(_ secrets: CodeSecrets) throws {
        sni = secrets.sni
        key = try Self.key(from: secrets.authoritySeed)
        root = try CertificateForm.authority(
            key: key, named: "pmesh code", serial: Certificate.SerialNumber(bytes: [1]), depth: 0,
            dates: CertificateForm.wideDates)
    }

    /// Our own certificate under this code, and what to demand of the other end.
    package func credentials(for identity: NodeIdentity) throws -> TLSCredentials {
        let leaf = try CertificateForm.node(
            key: identity.key.publicKey, name: nil, serial: Self.serial(of: identity.nodeID),
            dates: CertificateForm.wideDates, issuer: root, signer: key)
        return TLSCredentials(
            sni: sni, rootsDER: [try root.der()], chainDER: [try leaf.der()], privateKeyDER: identity.privateKeyDER)
    }

    /// The first of 256 candidates that is a scalar of the curve. One in 2^32 is not: the second is hardly ever needed.
    private static func key(from seed: Bytes32) throws -> P256.Signing.PrivateKey {
        for counter in UInt8.min..<UInt8.max {
            if let key = try? candidate(seed, counter) { return key }
        }
        return try candidate(seed, .max)
    }

    private static func candidate(_ seed: Bytes32, _ counter: UInt8) throws -> P256.Signing.PrivateKey {
        try P256.Signing.PrivateKey(
            rawRepresentation: Derivation.expand(seed, label: "pmesh-authority-key-v1", then: [counter], count: 32))
    }

    /// 16 bytes of the NodeID after a 1, which keeps the number positive and its length fixed: distinct for each key,
    /// as RFC 5280, section 4.1.2.2, wants it of one issuer.
    private static func serial(of nodeID: NodeID) -> Certificate.SerialNumber {
        Certificate.SerialNumber(bytes: [1] + nodeID.bytes.array.prefix(16))
    }
}
