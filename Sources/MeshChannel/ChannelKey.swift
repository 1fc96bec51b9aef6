import Crypto
package import MeshWire

/// Which end of a channel: who could dial the control link dials the lanes.
package enum ChannelRole: UInt8, Hashable, Sendable, CaseIterable {
    case dialer = 1
    case listener = 2

    package var other: ChannelRole {
        switch self {
        case .dialer: .listener
        case .listener: .dialer
        }
    }
}

/// What only the two ends of one channel and epoch know: with it each lane proves that it belongs to what the control
/// plane agreed. TLS encrypts the lanes; this binds them.
///
/// HKDF-SHA256 (RFC 5869) of the X-Wing secret; salt: the pair's pinned resume secret, or nothing; info: label ‖
/// channel ‖ epoch ‖ the ordered primes ‖ lower NodeID ‖ higher NodeID. Two labels give two keys, one for proofs and
/// one for the fingerprint, so that neither is ever an answer to the other's question.
package struct ChannelKey: Hashable, Sendable {
    package let channel: ChannelID
    package let epoch: UInt32
    private let order: [UInt16]
    private let lower: NodeID
    private let higher: NodeID
    private let proofs: SymmetricKey
    private let prints: SymmetricKey

    init(
        secret: SymmetricKey, resumeSecret: Bytes32?, channel: ChannelID, epoch: UInt32, order: [UInt16],
        between one: NodeID, _ other: NodeID
    ) {
        self.channel = channel
        self.epoch = epoch
        self.order = order
        lower = min(one, other)
        higher = max(one, other)
        let context =
            channel.bytes.array + epoch.bigEndianBytes + order.flatMap(\.bigEndianBytes)
            + lower.bytes.array + higher.bytes.array
        let derive = { (label: String) in
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: secret, salt: resumeSecret?.array ?? [], info: Array(label.utf8) + context,
                outputByteCount: 32)
        }
        proofs = derive("pmesh-channel-1 lane proof")
        prints = derive("pmesh-channel-1 fingerprint")
    }

    /// HMAC-SHA256(K, role ‖ lower NodeID ‖ higher NodeID ‖ channel ‖ epoch ‖ prime ‖ generation ‖ the other side's
    /// nonce). `role` is the prover's; all parts have fixed lengths.
    package func proof(role: ChannelRole, name: LaneName, peerNonce: Bytes32) -> Bytes32 {
        let code = HMAC<SHA256>.authenticationCode(for: claim(role, name, peerNonce), using: proofs)
        return Bytes32(code) ?? Bytes32()  // SHA-256 has 32 bytes
    }

    /// Whether `proof` is what the end with this role proves with. Takes the same time wherever it is wrong.
    package func isValid(_ proof: Bytes32, role: ChannelRole, name: LaneName, peerNonce: Bytes32) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(
            proof.array, authenticating: claim(role, name, peerNonce), using: proofs)
    }

    private func claim(_ role: ChannelRole, _ name: LaneName, _ nonce: Bytes32) -> [UInt8] {
        [role.rawValue] + lower.bytes.array + higher.bytes.array + name.channel.bytes.array
            + name.epoch.bigEndianBytes + name.prime.bigEndianBytes + name.generation.bigEndianBytes + nonce.array
    }

    /// The channel's state as one value that both ends must derive alike: HMAC-SHA256 of channel, epoch, set, order
    /// and number of lanes. It goes over the control link in `ready`.
    package func fingerprint(set: PrimeSetName, lanes: Int) -> Bytes32 {
        let setByte: UInt8 =
            switch set {
            case .standard: 1
            case .high: 2
            }
        let state =
            channel.bytes.array + epoch.bigEndianBytes + [setByte] + order.flatMap(\.bigEndianBytes)
            + UInt32(lanes).bigEndianBytes
        return Bytes32(HMAC<SHA256>.authenticationCode(for: state, using: prints)) ?? Bytes32()
    }

    package static func == (left: ChannelKey, right: ChannelKey) -> Bool {
        // SymmetricKey compares in constant time.
        left.channel == right.channel && left.epoch == right.epoch && left.order == right.order
            && left.lower == right.lower && left.higher == right.higher && left.proofs == right.proofs
            && left.prints == right.prints
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(channel)
        hasher.combine(epoch)
    }
}

extension ChannelKey: CustomStringConvertible {
    /// Says nothing of the key, so that no log can.
    package var description: String { "key of channel \(channel), epoch \(epoch)" }
}
