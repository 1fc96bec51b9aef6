package import MeshWire

/// A lane whose both ends have proved themselves. Only the last step of either chain makes one.
package struct OpenedLane: Hashable, Sendable {
    package let name: LaneName

    fileprivate init(name: LaneName) {
        self.name = name
    }

    /// For the listener's chain in its own file; takes the step that is used up as the witness.
    init(proven step: consuming LaneListenerWelcome) {
        self.init(name: step.name)
    }
}

/// The dialer's first step: its hello went out.
///
/// ```
/// dialer    LaneDialerHello ──hello──▶          ──proof──▶ LaneDialerProof ─▶ OpenedLane
/// listener            LaneListenerHello ─▶ LaneListenerWelcome ──welcome──▶ … ─▶ OpenedLane
/// ```
/// Each step is used up by the next, so a wrong order does not compile.
package struct LaneDialerHello: ~Copyable, Sendable {
    package let name: LaneName
    private let key: ChannelKey
    private let nonce: Bytes32

    /// `nonce`: 256 random bits, for this lane alone.
    package init(name: LaneName, key: ChannelKey, nonce: Bytes32) throws(LaneOpeningError) {
        guard key.channel == name.channel, key.epoch == name.epoch else { throw .otherChannel(name) }
        self.name = name
        self.key = key
        self.nonce = nonce
    }

    /// To be sent first.
    package var hello: LaneHandshake { .hello(name, nonce: nonce) }

    /// The listener answered: its proof is checked, and ours is ready.
    package consuming func answered(_ message: LaneHandshake) throws(LaneOpeningError) -> LaneDialerProof {
        switch message {
        case .welcome(let theirs, let proof):
            guard key.isValid(proof, role: .listener, name: name, peerNonce: nonce) else { throw .wrongProof(name) }
            return LaneDialerProof(name: name, proof: key.proof(role: .dialer, name: name, peerNonce: theirs))
        case .refused(let code): throw .refused(code)
        case .hello, .proof: throw .unexpected(due: "welcome")
        }
    }
}

/// The dialer's second step: the listener is proved, our own proof is to be sent.
package struct LaneDialerProof: ~Copyable, Sendable {
    package let name: LaneName
    private let proof: Bytes32

    fileprivate init(name: LaneName, proof: Bytes32) {
        self.name = name
        self.proof = proof
    }

    /// To be sent now.
    package var message: LaneHandshake { .proof(proof) }

    /// The proof was handed to the connection; frames of any kind may follow it. The listener may still answer
    /// `refused` and close.
    package consuming func sent() -> OpenedLane { OpenedLane(name: name) }
}
