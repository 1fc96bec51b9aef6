import Crypto
import FoundationEssentials

/// X-Wing (draft-connolly-cfrg-xwing-kem): ML-KEM-768 and X25519 as one, secret while either of them holds.
///
/// The only place of this target that draws randomness of its own: key generation and encapsulation take it from the
/// cryptographic library's generator. A generator passed in could be a seeded one by mistake, and a secret drawn from
/// that would be none; whoever needs a transcript that repeats compares everything but these bytes.
struct KeyAgreement: Sendable {
    /// Bytes of a public key: ML-KEM-768's 1,184 and X25519's 32.
    static let publicKeySize = 1_216
    /// Bytes of an encapsulation: ML-KEM-768's 1,088 and X25519's 32.
    static let encapsulationSize = 1_120

    private let key: XWingMLKEM768X25519.PrivateKey

    /// A new pair of keys.
    init() throws(NegotiationError) {
        do {
            key = try XWingMLKEM768X25519.PrivateKey.generate()
        } catch {
            throw .keyAgreementFailed
        }
    }

    var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

    /// The secret that the other end put into `encapsulation`. One that was not made for this key gives another
    /// secret, not an error: the lanes' proofs find out.
    func secret(from encapsulation: [UInt8]) throws(NegotiationError) -> SymmetricKey {
        guard encapsulation.count == Self.encapsulationSize else {
            throw .encapsulationLength(encapsulation.count)
        }
        do {
            return try key.decapsulate(Data(encapsulation))
        } catch {
            throw .keyAgreementFailed
        }
    }

    /// A new secret, and the bytes from which the owner of `publicKey` learns it.
    static func encapsulate(
        to publicKey: [UInt8]
    ) throws(NegotiationError) -> (secret: SymmetricKey, encapsulation: [UInt8]) {
        guard publicKey.count == publicKeySize else { throw .keyLength(publicKey.count) }
        do {
            let result = try XWingMLKEM768X25519.PublicKey(rawRepresentation: publicKey).encapsulate()
            return (result.sharedSecret, Array(result.encapsulated))
        } catch {
            throw .keyUnusable
        }
    }
}
