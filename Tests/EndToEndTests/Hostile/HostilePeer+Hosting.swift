import MeshChannel
import MeshTrust
import MeshWire
import NIOCore
import Synchronization

// The half of the one that is dialed, in the steps that an honest node takes.
extension HostilePeer {
    /// Names, and a secret for the pair.
    func greet(as name: String = "mallory") async throws {
        let isIntroduced = await control.heard.first { message -> Bool? in
            if case .membership(.introduce) = message { true } else { nil }
        }
        try expected(isIntroduced, "a name")
        try await control.say(.membership(.introduce(name: name, version: 3, instance: InstanceID(Bytes16()))))
    }

    func pin(_ fresh: Bytes32 = .drawn()) async throws {
        secret.withLock { $0 = fresh }
        try await control.say(.membership(.pin(secret: fresh)))
        let isPinned = await control.heard.first { message -> Bool? in
            if case .membership(.pinned) = message { true } else { nil }
        }
        try expected(isPinned, "that the pin is kept")
    }

    func offeredChannel() async throws -> ChannelOffer {
        try expected(
            await control.heard.first { message -> ChannelOffer? in
                if case .channelOffer(let offer) = message { offer } else { nil }
            }, "a channel's offer")
    }

    /// The offered channel, and what an honest node would say to it.
    func answer(lanes: Int = 4) async throws -> (status: ChannelStatus, agreed: AgreedChannel) {
        try ChannelAnswering(ends: ends, policy: .init(maxLanes: lanes)).answer(try await offeredChannel())
    }

    /// The hello of lane `count`, and whose it is.
    func hello(_ count: Int = 1) async throws -> (lane: LaneTalk, message: LaneHandshake) {
        let lane = try await expected(host, "a host").lane(count)
        return (lane, try expected(await lane.handshake(), "a hello"))
    }

    /// Lets lane `count` in.
    func welcome(_ agreed: AgreedChannel, _ count: Int = 1) async throws {
        let (lane, message) = try await hello(count)
        let step = try LaneListenerHello(message).welcomed(with: agreed.key, nonce: .drawn())
        try await lane.say(step.message)
        let proof = await lane.heard.first { word -> LaneHandshake? in
            guard case .handshake(let step) = word, case .proof = step else { return nil }
            return step
        }
        _ = try step.answered(try expected(proof, "a proof"))
        add(lane)
    }
}
