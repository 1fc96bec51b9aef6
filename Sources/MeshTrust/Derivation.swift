import Crypto
import MeshWire

/// Keys from keys: HKDF-SHA256 (RFC 5869) and HMAC-SHA256, each use told apart by a label of its own.
enum Derivation {
    /// HKDF's second half alone: `secret` must already be uniformly random. At most 255 × 32 bytes.
    static func expand(_ secret: Bytes32, label: String, then rest: [UInt8] = [], count: Int) -> [UInt8] {
        HKDF<SHA256>.expand(pseudoRandomKey: secret.array, info: Array(label.utf8) + rest, outputByteCount: count)
            .withUnsafeBytes { Array($0) }
    }

    /// A key for one `salt` out of many.
    static func key(from secret: Bytes32, salt: [UInt8], label: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret.array), salt: salt, info: Array(label.utf8),
            outputByteCount: 32)
    }

    /// HMAC-SHA256 of `label` followed by `rest`.
    static func code(_ secret: Bytes32, label: String, then rest: [UInt8]) -> [UInt8] {
        Array(
            HMAC<SHA256>.authenticationCode(for: Array(label.utf8) + rest, using: SymmetricKey(data: secret.array)))
    }
}

extension FixedWidthInteger {
    /// The bytes, highest first.
    var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
