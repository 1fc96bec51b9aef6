import MeshChannel
import MeshTransfer
import MeshTrust
import MeshWire
import NIOCore

/// One way to open a lane that is none. The node refuses it and goes on: the session and its transfer take no harm.
struct LaneMisdeed: Sendable {
    let name: String
    /// What the dialer is told; nil where the connection is closed without a word.
    let refusal: FailureCode?
    let act: @Sendable (HostilePeer, AgreedChannel, LaneTalk) async throws -> Void

    init(
        _ name: String, _ refusal: FailureCode?,
        _ act: @escaping @Sendable (HostilePeer, AgreedChannel, LaneTalk) async throws -> Void
    ) {
        self.name = name
        self.refusal = refusal
        self.act = act
    }

    static let all: [LaneMisdeed] = [
        hello("lane of an unknown channel", .unknown) { $0.channel = .drawn() },
        hello("lane of another epoch", .unknown) { $0.epoch = 9 },
        hello("lane of a prime that names none", .protocolViolation) { $0.prime = 1_000 },
        hello("lane that is up already", .busy) { _ in },
        hello("generation that never was due", .busy) { $0.generation = 0 },
        proof("proof of another lane", 1) { agreed, name, nonce in
            agreed.key.proof(role: .dialer, name: agreed.lane(2), peerNonce: nonce)
        },
        proof("proof of an earlier epoch", 2) { agreed, name, nonce in
            var earlier = name
            earlier.epoch = 0
            return agreed.key.proof(role: .dialer, name: earlier, peerNonce: nonce)
        },
        proof("proof of the other role", 3) { agreed, name, nonce in
            agreed.key.proof(role: .listener, name: name, peerNonce: nonce)
        },
        proof("proof over another nonce, as a replay has it", 4) { agreed, name, _ in
            agreed.key.proof(role: .dialer, name: name, peerNonce: Bytes32())
        },
        proof("proof with another channel's key", 5) { agreed, name, nonce in
            try stranger(agreed).proof(role: .dialer, name: name, peerNonce: nonce)
        },
        LaneMisdeed("the node's own proof, sent back", .identity) { _, agreed, lane in
            try await lane.say(.hello(agreed.lane(6), nonce: .drawn()))
            guard case .welcome(_, let proof) = try expected(await lane.handshake(), "a welcome") else { return }
            try await lane.say(.proof(proof))
        },
        LaneMisdeed("welcome of a dialer", .protocolViolation) { _, _, lane in
            try await lane.say(.welcome(nonce: Bytes32(), proof: Bytes32()))
        },
        LaneMisdeed("proof before hello", .protocolViolation) { _, _, lane in
            try await lane.say(.proof(Bytes32()))
        },
        LaneMisdeed("hello where a proof is due", .protocolViolation) { _, agreed, lane in
            try await lane.say(.hello(agreed.lane(7), nonce: Bytes32()))
            try expected(await lane.handshake(), "a welcome")
            try await lane.say(.hello(agreed.lane(7), nonce: Bytes32()))
        },
        LaneMisdeed("message before the handshake", nil) { _, _, lane in
            try await lane.say(.manifestEnd(entries: 0, chunks: 0))
        },
        LaneMisdeed("chunk before the handshake", nil) { _, _, lane in
            try await lane.connection.say(Framed.chunk(0, [1]))
        },
        LaneMisdeed("more than 4 KiB before the handshake", nil) { _, _, lane in
            try await lane.say(kind: 2, stream: 0, length: 4_097)
        },
        LaneMisdeed("unknown step of a handshake", nil) { _, _, lane in try await lane.say(kind: 2, stream: 0, [9]) },
        LaneMisdeed("hello with more behind it", nil) { _, agreed, lane in
            let hello = LaneHandshake.hello(agreed.lane(7, 9), nonce: Bytes32()).encoded()
            try await lane.say(kind: 2, stream: 0, Array(buffer: hello) + [0])
        },
        LaneMisdeed("noise", nil) { _, _, lane in try await lane.connection.say(ByteBuffer(bytes: Noise.bytes(64))) },
    ]

    private static func hello(
        _ name: String, _ refusal: FailureCode, _ change: @escaping @Sendable (inout LaneName) -> Void
    ) -> LaneMisdeed {
        LaneMisdeed(name, refusal) { _, agreed, lane in
            var name = agreed.lane(0)
            change(&name)
            try await lane.say(.hello(name, nonce: .drawn()))
        }
    }

    private static func proof(
        _ name: String, _ index: Int, _ make: @escaping @Sendable (AgreedChannel, LaneName, Bytes32) throws -> Bytes32
    ) -> LaneMisdeed {
        LaneMisdeed(name, .identity) { _, agreed, lane in
            let name = agreed.lane(index)
            try await lane.say(.hello(name, nonce: .drawn()))
            guard case .welcome(let nonce, _) = try expected(await lane.handshake(), "a welcome") else { return }
            try await lane.say(.proof(try make(agreed, name, nonce)))
        }
    }

    /// The key of a channel of the same name that was agreed on elsewhere.
    private static func stranger(_ agreed: AgreedChannel) throws -> ChannelKey {
        let ends = ChannelEnds(local: agreed.local, remote: agreed.remote, role: .dialer)
        let others = ChannelEnds(local: agreed.remote, remote: agreed.local, role: .listener)
        let offering = try ChannelOffering(
            channel: agreed.channel, epoch: agreed.epoch, set: agreed.set, lanes: 4, ends: ends)
        return try ChannelAnswering(ends: others, policy: .init()).answer(offering.offer).agreed.key
    }
}
