import MeshChannel
import MeshTransfer
import MeshTrust
import MeshWire
import NIOCore
import Synchronization

/// A node that knows the code and the protocol. Each step of the conversation is one call, made as an honest node would
/// make it; a misdeed makes some of them and then something else.
final class HostilePeer: Sendable {
    let identity: NodeIdentity
    let credentials: TLSCredentials
    let code: String
    let port: UInt16
    let control: ControlTalk
    /// The node it talks with.
    let remote: NodeID
    /// The test's own world, where another local program would be.
    let stage: Stage
    /// Where it waits for lanes, if it is the one that is dialed.
    let host: HostileHost?
    let secret = Mutex<Bytes32?>(nil)
    private let lanes = Mutex<[LaneTalk]>([])

    init(
        _ identity: NodeIdentity, _ credentials: TLSCredentials, _ code: String, _ port: UInt16, _ control: ControlTalk,
        _ stage: Stage, host: HostileHost? = nil
    ) throws {
        self.identity = identity
        self.code = code
        self.credentials = credentials
        self.port = port
        self.control = control
        self.stage = stage
        self.host = host
        remote = try NodeIdentity.nodeID(ofCertificateDER: control.connection.leafDER)
    }

    static func credentials(_ identity: NodeIdentity, code: String) throws -> TLSCredentials {
        try CodeAuthority(CodeSecrets(stretching: OneTimeCode(code))).credentials(for: identity)
    }

    /// TLS on the control plane, and not a word yet.
    static func meet(
        _ stage: Stage, code: String, port: UInt16, as identity: NodeIdentity = NodeIdentity(),
        from source: String = "127.0.0.1"
    ) async throws -> HostilePeer {
        let credentials = try credentials(identity, code: code)
        let control = try await ControlTalk.dial(port, from: source, identity, credentials)
        return try HostilePeer(identity, credentials, code, port, control, stage)
    }

    /// Another control link of the same node.
    func meetAgain() async throws -> HostilePeer {
        let control = try await ControlTalk.dial(port, identity, credentials)
        return try HostilePeer(identity, credentials, code, port, control, stage)
    }

    // MARK: the channel

    /// Names, and the secret of the pair.
    func introduce(as name: String = "mallory") async throws {
        try await control.say(.membership(.introduce(name: name, version: 3, instance: InstanceID(Bytes16()))))
        let fresh = await control.heard.first { message -> Bytes32? in
            if case .membership(.pin(let secret)) = message { secret } else { nil }
        }
        try expected(fresh, "a pin")
        secret.withLock { $0 = fresh }
        try await control.say(.membership(.pinned))
    }

    var ends: ChannelEnds {
        ChannelEnds(
            local: identity.nodeID, remote: remote, role: host == nil ? .dialer : .listener,
            resumeSecret: secret.withLock { $0 })
    }

    /// A channel, offered and accepted.
    func agree(_ channel: ChannelID = .drawn(), epoch: UInt32 = 1) async throws -> AgreedChannel {
        let offering = try ChannelOffering(channel: channel, epoch: epoch, set: .standard, lanes: 4, ends: ends)
        try await control.say(.channelOffer(offering.offer))
        let status = try expected(await status(of: channel, epoch: epoch), "an answer to the channel's offer")
        return try offering.accepted(status)
    }

    func status(of channel: ChannelID, epoch: UInt32) async -> ChannelStatus? {
        await control.heard.first { message -> ChannelStatus? in
            guard case .channelStatus(let status) = message, status.channel == channel, status.epoch == epoch else {
                return nil
            }
            return status
        }
    }

    /// A lane with its handshake done.
    @discardableResult
    func openLane(
        _ agreed: AgreedChannel, _ index: Int = 0, generation: UInt32 = 1, manners: LaneTalk.Manners = .init()
    ) async throws -> LaneTalk {
        let lane = try await LaneTalk.dial(port, credentials, manners: manners)
        add(lane)
        let step = try LaneDialerHello(
            name: agreed.lane(index, generation), key: agreed.key, nonce: .drawn())
        try await lane.say(step.hello)
        let proof = try step.answered(try expected(await lane.handshake(), "a welcome"))
        try await lane.say(proof.message)
        return lane
    }

    func add(_ lane: LaneTalk) { lanes.withLock { $0.append(lane) } }

    /// Everything up to the point where transfers may begin.
    @discardableResult
    func open(as name: String = "mallory", manners: LaneTalk.Manners = .init()) async throws -> AgreedChannel {
        try await introduce(as: name)
        let agreed = try await agree()
        try await openLane(agreed, manners: manners)
        try await ready(agreed)
        return agreed
    }

    func ready(_ agreed: AgreedChannel) async throws {
        let isReady = await control.heard.first { message -> Bool? in
            if case .ready = message { true } else { nil }
        }
        try expected(isReady, "that the node is ready")
        try await control.say(
            .ready(channel: agreed.channel, epoch: agreed.epoch, fingerprint: agreed.fingerprint))
    }

    /// The lane that carries its messages.
    var lead: LaneTalk {
        get throws { try expected(lanes.withLock { $0.first }, "a lane") }
    }

    func close() {
        control.connection.close()
        for lane in lanes.withLock({ $0 }) { lane.connection.close() }
    }

    /// All that it was told on why this ends, on either plane.
    var reasons: [FailureCode] {
        let said = control.heard.all.compactMap { message -> FailureCode? in
            switch message {
            case .leaving(let code), .error(let code, _): code
            case .transfer(let transfer):
                if case .decline(let code) = transfer.action { code } else { nil }
            default: nil
            }
        }
        let onLanes = lanes.withLock { $0 }.flatMap(\.heard.all).compactMap { word -> FailureCode? in
            switch word {
            case .message(.failed(let code)), .handshake(.refused(let code)): code
            default: nil
            }
        }
        return said + onLanes
    }
}

/// The conversation did not get as far as the misdeed.
struct PlayFailure: Error, CustomStringConvertible {
    let description: String
}

@discardableResult
func expected<Value>(_ value: Value?, _ what: String) throws -> Value {
    guard let value else { throw PlayFailure(description: "\(what) did not come") }
    return value
}

extension ChannelID {
    static func drawn() -> ChannelID {
        var generator = SystemRandomNumberGenerator()
        return ChannelID(Bytes16(using: &generator))
    }
}

extension TransferID {
    static func drawn() -> TransferID { TransferID(ChannelID.drawn().bytes) }
}

extension Bytes32 {
    static func drawn() -> Bytes32 { Bytes32((0..<32).map { _ in UInt8.random(in: 0...255) }) ?? Bytes32() }
}

extension AgreedChannel {
    func lane(_ index: Int, _ generation: UInt32 = 1) -> LaneName {
        LaneName(channel: channel, epoch: epoch, prime: primes[index], generation: generation)
    }
}
