import Crypto
import CryptoExtras
package import MeshWire

/// All that two nodes derive from the same code, each on its own.
///
///     code ── scrypt ──▶ master ── HKDF ──▶ authority seed · tag · discovery key
///
/// The fixed salt is what lets both ends derive alike; 60 bits and the cost of scrypt stand against tables made in
/// advance: at 0.1 s a guess, trying half of them takes 2^59 × 0.1 s, 1.8 thousand million years of one core.
package struct CodeSecrets: Hashable, Sendable {
    /// What a journal keeps, since the code itself is never stored. Secret.
    package let master: Bytes32
    /// Becomes the key of the throw-away authority. Secret.
    package let authoritySeed: Bytes32
    /// Names the code in SNI and in discovery without giving it away.
    package let tag: Bytes16
    /// Seals discovery datagrams. Secret.
    package let discoveryKey: Bytes32

    /// Stretches `code` with scrypt (RFC 7914; N = 2^15, r = 8, p = 1): about 0.1 s and 32 MiB, so never on an event
    /// loop or the cooperative pool. Throws where that memory cannot be had.
    package init(stretching code: OneTimeCode) throws {
        let key = try KDF.Scrypt.deriveKey(
            from: code.bytes, salt: Array("pmesh-code-v1".utf8), outputByteCount: 32, rounds: 1 << 15, blockSize: 8,
            parallelism: 1)
        self.init(master: key.withUnsafeBytes { Bytes32($0) } ?? Bytes32())
    }

    /// The same secrets again, from what a journal kept.
    package init(master: Bytes32) {
        self.master = master
        authoritySeed = Bytes32(Derivation.expand(master, label: "pmesh-code-authority-v1", count: 32)) ?? Bytes32()
        tag = Bytes16(Derivation.expand(master, label: "pmesh-code-tag-v1", count: 16)) ?? Bytes16()
        discoveryKey = Bytes32(Derivation.expand(master, label: "pmesh-code-discovery-v1", count: 32)) ?? Bytes32()
    }

    /// ``tag`` as 26 base32 symbols.
    package var tagText: String { Base32.encode(tag.array) }

    /// What the client names in SNI: a DNS name whose labels have at most 63 characters.
    package var sni: String { "c-\(tagText).pmesh" }
}
