import Crypto
import MeshWire
import Testing

@testable import MeshChannel

@Suite struct ChannelKeyTests {
    private func key(
        _ byte: UInt8 = 1, resume: Bytes32? = nil, channel: ChannelID = channel, epoch: UInt32 = 1,
        set: PrimeSetName = .standard, between one: NodeID = lowNode, and other: NodeID = highNode
    ) -> ChannelKey {
        ChannelKey(
            secret: SymmetricKey(data: bytes32(byte).array), resumeSecret: resume, channel: channel, epoch: epoch,
            order: PrimeSet(set).order(for: one, other), between: one, other)
    }
    private let name = LaneName(channel: channel, epoch: 1, prime: 1009, generation: 1)

    /// HKDF and HMAC of the doc comments, computed with Python's hmac alone.
    @Test func vectors() {
        let proof = key().proof(role: .dialer, name: name, peerNonce: bytes32(9))
        #expect(proof.hex == "3e16f0ad6ef928f3cd92e191393ae43f33c77854e4e864c3e95a8d0a54348003")
        #expect(
            key().fingerprint(set: .standard, lanes: 4).hex
                == "ac8066eef0de43380097e6b6d0835168e4b446d6296410e952e56d6f76cd2c89")
    }

    @Test func everythingAgreedEntersTheKey() {
        let keys = [
            key(), key(2), key(resume: bytes32(3)), key(channel: ChannelID(Bytes16())), key(epoch: 2),
            key(set: .high), key(between: lowNode, and: node(0xed)),
        ]
        let proofs = Set(keys.map { $0.proof(role: .dialer, name: name, peerNonce: bytes32(9)) })
        #expect(proofs.count == keys.count)
        #expect(key(between: lowNode, and: highNode) == key(between: highNode, and: lowNode))
    }

    @Test func everythingSaidEntersTheProof() {
        let key = key()
        var other = name
        other.generation = 2
        var prime = name
        prime.prime = 1013
        let proofs = [
            key.proof(role: .dialer, name: name, peerNonce: bytes32(9)),
            key.proof(role: .listener, name: name, peerNonce: bytes32(9)),
            key.proof(role: .dialer, name: other, peerNonce: bytes32(9)),
            key.proof(role: .dialer, name: prime, peerNonce: bytes32(9)),
            key.proof(role: .dialer, name: name, peerNonce: bytes32(8)),
        ]
        #expect(Set(proofs).count == proofs.count)
        #expect(key.isValid(proofs[0], role: .dialer, name: name, peerNonce: bytes32(9)))
        #expect(!key.isValid(proofs[0], role: .listener, name: name, peerNonce: bytes32(9)))
    }

    @Test func everyFlippedBitIsFound() {
        let key = key()
        let proof = key.proof(role: .listener, name: name, peerNonce: bytes32(4))
        for bit in 0..<256 {
            var wrong = proof
            wrong[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!key.isValid(wrong, role: .listener, name: name, peerNonce: bytes32(4)))
        }
    }

    @Test func fingerprintTellsStatesApart() {
        let prints = [
            key().fingerprint(set: .standard, lanes: 4), key().fingerprint(set: .standard, lanes: 5),
            key().fingerprint(set: .high, lanes: 4), key(epoch: 2).fingerprint(set: .standard, lanes: 4),
            key(2).fingerprint(set: .standard, lanes: 4),
        ]
        #expect(Set(prints).count == prints.count)
    }

    @Test func theKeyIsNotShown() {
        #expect("\(key())" == "key of channel \(channel), epoch 1")
    }
}
