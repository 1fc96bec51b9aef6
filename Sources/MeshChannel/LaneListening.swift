package import MeshWire

/// The listener's first step: a hello arrived. Look up the channel's key by `name` and ask
/// ``ChannelSession/admit(_:)`` next.
package struct LaneListenerHello: ~Copyable, Sendable {
    package let name: LaneName
    private let peerNonce: Bytes32

    package init(_ message: LaneHandshake) throws(LaneOpeningError) {
        switch message {
        case .hello(let name, let nonce):
            self.name = name
            peerNonce = nonce
        case .refused(let code): throw .refused(code)
        case .welcome, .proof: throw .unexpected(due: "hello")
        }
    }

    /// The lane is one of ours. `nonce`: 256 random bits, for this lane alone.
    package consuming func welcomed(
        with key: ChannelKey, nonce: Bytes32
    ) throws(LaneOpeningError) -> LaneListenerWelcome {
        guard key.channel == name.channel, key.epoch == name.epoch else { throw .otherChannel(name) }
        return LaneListenerWelcome(name: name, key: key, nonce: nonce, peerNonce: peerNonce)
    }

    /// The lane is not accepted: what to send before closing.
    package consuming func refused(_ code: FailureCode) -> LaneHandshake { .refused(code) }
}

/// The listener's second step: our welcome goes out, the dialer's proof is awaited. Nothing else is accepted before.
package struct LaneListenerWelcome: ~Copyable, Sendable {
    package let name: LaneName
    private let key: ChannelKey
    private let nonce: Bytes32
    private let peerNonce: Bytes32

    fileprivate init(name: LaneName, key: ChannelKey, nonce: Bytes32, peerNonce: Bytes32) {
        self.name = name
        self.key = key
        self.nonce = nonce
        self.peerNonce = peerNonce
    }

    /// To be sent now.
    package var message: LaneHandshake {
        .welcome(nonce: nonce, proof: key.proof(role: .listener, name: name, peerNonce: peerNonce))
    }

    /// The dialer's proof arrived.
    package consuming func answered(_ message: LaneHandshake) throws(LaneOpeningError) -> OpenedLane {
        switch message {
        case .proof(let proof):
            guard key.isValid(proof, role: .dialer, name: name, peerNonce: nonce) else { throw .wrongProof(name) }
            return OpenedLane(proven: self)
        case .refused(let code): throw .refused(code)
        case .hello, .welcome: throw .unexpected(due: "proof")
        }
    }
}
