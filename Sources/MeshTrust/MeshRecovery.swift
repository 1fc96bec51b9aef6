import Crypto
import CryptoExtras
import FoundationEssentials
package import MeshWire

/// The recovery file of a mesh: its authority, encrypted under a passphrase, to be kept somewhere else.
///
///     "pmesh-recovery-v1" ‖ log2 N (1) ‖ salt (16) ‖ ciphertext ‖ tag (16)
///
/// scrypt (RFC 7914, r = 8, p = 1) makes the key. A salt is used for one file alone, so the key is too, and the nonce
/// can be twelve zeros. All before the ciphertext is authenticated with it.
package enum MeshRecovery {
    /// log2 of scrypt's N in new files: 2^17 takes 128 MiB and about half a second, twice that on a small machine.
    package static let usualCost: UInt8 = 17
    /// What a file may ask of us: 2^18 is 256 MiB.
    private static let costs: ClosedRange<UInt8> = 10...18
    /// Bytes of a passphrase in UTF-8.
    private static let lengths = 8...1_024
    /// Bytes of a file; ours have about 700.
    package static let limit = 32 * 1024
    private static let magic = "pmesh-recovery-v1"

    /// The file's bytes. `salt`: fresh random bits, for this file alone. Slow: never on an event loop or the cooperative
    /// pool.
    package static func seal(
        _ authority: MeshAuthority, passphrase: String, cost: UInt8 = usualCost, salt: Bytes16
    ) throws(RecoveryError) -> [UInt8] {
        guard lengths.contains(passphrase.utf8.count) else { throw .passphraseLength(passphrase.utf8.count) }
        precondition(costs.contains(cost), "cost 2^\(cost) is outside of 2^10 to 2^18")
        let header = Array(magic.utf8) + [cost] + salt.array
        let key = try key(passphrase, salt: salt.array, cost: cost)
        do {
            let box = try ChaChaPoly.seal(
                authority.storedRepresentation, using: key, nonce: try nonce(), authenticating: header)
            return header + box.ciphertext + box.tag
        } catch { throw .notMade }
    }

    /// The authority in a recovery file. Slow as ``seal(_:passphrase:cost:salt:)`` is.
    package static func open(_ bytes: [UInt8], passphrase: String) throws(RecoveryError) -> MeshAuthority {
        var reader = ByteReader(bytes)
        guard bytes.count <= limit, reader.skip(magic), let cost = reader.number(UInt8.self), costs.contains(cost),
            let salt = reader.bytes(16)
        else { throw .notARecoveryFile }
        let rest = reader.remainder()
        guard rest.count > 16 else { throw .notARecoveryFile }
        guard lengths.contains(passphrase.utf8.count) else { throw .wrongPassphraseOrDamaged }
        let key = try key(passphrase, salt: salt, cost: cost)
        guard
            let plain = try? ChaChaPoly.open(
                ChaChaPoly.SealedBox(nonce: nonce(), ciphertext: rest.dropLast(16), tag: rest.suffix(16)), using: key,
                authenticating: bytes.dropLast(rest.count))
        else { throw .wrongPassphraseOrDamaged }
        do { return try MeshAuthority(stored: Array(plain)) } catch { throw .wrongPassphraseOrDamaged }
    }

    private static func nonce() throws -> ChaChaPoly.Nonce {
        try ChaChaPoly.Nonce(data: [UInt8](repeating: 0, count: 12))
    }

    private static func key(_ passphrase: String, salt: [UInt8], cost: UInt8) throws(RecoveryError) -> SymmetricKey {
        do {
            return try KDF.Scrypt.deriveKey(
                from: Array(passphrase.utf8), salt: salt, outputByteCount: 32, rounds: 1 << Int(cost), blockSize: 8,
                parallelism: 1)
        } catch { throw .notMade }
    }
}

/// Why a recovery file could not be written or read.
package enum RecoveryError: Error, Hashable, Sendable {
    case passphraseLength(Int)
    case notARecoveryFile
    case wrongPassphraseOrDamaged
    case notMade
}

extension RecoveryError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .passphraseLength(let count):
            "the passphrase has \(count) bytes and must have 8 to 1,024; choose another one, best of five or more words"
        case .notARecoveryFile: "the file is not a recovery file of a mesh; give the one that mesh create wrote"
        case .wrongPassphraseOrDamaged:
            "the passphrase is wrong or the recovery file is damaged; try again, or use another copy"
        case .notMade:
            "there is not enough memory to stretch the passphrase (128 to 256 MiB); close programs and try again"
        }
    }
}
