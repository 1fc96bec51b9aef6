import Crypto
import FoundationEssentials
package import MeshWire

/// Seals discovery datagrams with ChaCha20-Poly1305 (RFC 8439).
///
///     key version (4) ‖ boot (8) ‖ counter (8) ‖ ciphertext ‖ tag (16)
///
/// Numbers are big-endian and authenticated. All members share one key, so each boot of a node has a key of its own,
/// HKDF(shared key, salt: boot), and counts its datagrams in the nonce: four zeros and the counter. Key and nonce
/// repeat only where two boots draw the same 64 bits: of a million boots under one shared key, with a chance of 2^-25.
package struct DatagramSeal: Sendable {
    /// Bytes a seal adds.
    package static let overhead = headerLength + tagLength
    /// Plain bytes of a datagram at most.
    package static let limit = Limits.datagram - overhead
    private static let headerLength = 20
    private static let tagLength = 16

    /// Names the shared key: a mesh's discovery version, 0 for a code's.
    package let keyVersion: UInt32
    /// Names this run of the node to whoever holds the shared key.
    package let boot: UInt64
    private let sharedKey: Bytes32
    private let ownKey: SymmetricKey
    private var counter: UInt64 = 0

    /// A seal of a new boot, drawn from `generator`.
    package init(key: Bytes32, version: UInt32, using generator: inout some RandomNumberGenerator) {
        sharedKey = key
        keyVersion = version
        boot = generator.next()
        ownKey = Self.key(key, boot: boot)
    }

    /// A datagram of `plain`, whose counter is one more than the last one's. 2^64 are never used up.
    package mutating func seal(_ plain: [UInt8]) throws(SealError) -> [UInt8] {
        guard plain.count <= Self.limit else { throw .tooLarge(plain.count) }
        counter += 1
        let header = keyVersion.bigEndianBytes + boot.bigEndianBytes + counter.bigEndianBytes
        guard
            let box = try? ChaChaPoly.seal(
                plain, using: ownKey, nonce: Self.nonce(counter), authenticating: header)
        else { throw .notAuthentic }
        return header + box.ciphertext + box.tag
    }

    /// What anybody who has the shared key sealed. Replays open as well: ``DatagramWindow`` tells them.
    package func open(_ datagram: [UInt8]) throws(SealError) -> OpenedDatagram {
        guard datagram.count <= Limits.datagram else { throw .tooLarge(datagram.count) }
        guard datagram.count >= Self.overhead else { throw .truncated }
        var reader = ByteReader(datagram)
        guard let version = reader.number(UInt32.self), let boot = reader.number(UInt64.self),
            let counter = reader.number(UInt64.self)
        else { throw .truncated }
        guard version == keyVersion else { throw .otherKey(version) }
        let rest = reader.remainder()
        guard
            let plain = try? ChaChaPoly.open(
                ChaChaPoly.SealedBox(
                    nonce: Self.nonce(counter), ciphertext: rest.dropLast(Self.tagLength),
                    tag: rest.suffix(Self.tagLength)),
                using: Self.key(sharedKey, boot: boot), authenticating: datagram.prefix(Self.headerLength))
        else { throw .notAuthentic }
        return OpenedDatagram(boot: boot, counter: counter, plain: Array(plain))
    }

    /// The key a datagram names, to pick the seal that opens it by; nil where it is no datagram of ours.
    package static func keyVersion(of datagram: [UInt8]) -> UInt32? {
        var reader = ByteReader(datagram)
        return datagram.count < overhead ? nil : reader.number(UInt32.self)
    }

    private static func key(_ shared: Bytes32, boot: UInt64) -> SymmetricKey {
        Derivation.key(from: shared, salt: boot.bigEndianBytes, label: "pmesh-datagram-v1")
    }

    private static func nonce(_ counter: UInt64) throws -> ChaChaPoly.Nonce {
        try ChaChaPoly.Nonce(data: [0, 0, 0, 0] + counter.bigEndianBytes)
    }
}

/// A datagram whose seal was right.
package struct OpenedDatagram: Sendable, Hashable {
    /// The run of the node that sent it.
    package let boot: UInt64
    /// Its place among that run's datagrams, from 1.
    package let counter: UInt64
    package let plain: [UInt8]

    package init(boot: UInt64, counter: UInt64, plain: [UInt8]) {
        self.boot = boot
        self.counter = counter
        self.plain = plain
    }
}

/// Why a datagram is dropped, or could not be made. Dropped datagrams are counted and not answered.
package enum SealError: Error, Hashable, Sendable {
    case tooLarge(Int)
    case truncated
    case otherKey(UInt32)
    case notAuthentic
}

extension SealError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLarge(let count):
            "a discovery datagram of \(count) bytes exceeds \(Limits.datagram) with its seal; announce fewer addresses"
        case .truncated: "a discovery datagram was cut short; it is ignored"
        case .otherKey(let version):
            "a discovery datagram is sealed with another key (\(version)); get the newest membership on both nodes"
        case .notAuthentic: "a discovery datagram has a wrong seal; it is from a stranger or damaged, and is ignored"
        }
    }
}
