import MeshChannel
import MeshTransport
import MeshTrust
import MeshWire
import NIOCore
import Synchronization

/// What a node that was dialed may do to the one that dialed it, until the channel is up; from there on it does not matter
/// who dialed whom. Against a receiver, which is told where to go with `--peer`.
enum HostMisdeeds {
    private static let notDue = Misdeed.Ending.broken("what was not due")
    private static let noChannel = Misdeed.Ending.broken("no channel was agreed on", status: 5, told: nil)

    static let endings: [Misdeed] = [
        Misdeed("another version of the protocol", .broken("runs another version", told: .unsupported)) {
            try await $0.control.say(
                .membership(.introduce(name: "mallory", version: 2, instance: InstanceID(Bytes16()))))
        },
        Misdeed("a second pin", notDue) { peer in
            try await peer.greet()
            try await peer.pin()
            try await peer.control.say(.membership(.pin(secret: .drawn())))
        },
        Misdeed("pinned, of one that gives pins", notDue) { peer in
            try await peer.greet()
            try await peer.control.say(.membership(.pinned))
        },
        Misdeed("an offer of a channel, of one that answers offers", notDue) { peer in
            try await peer.greet()
            try await peer.pin()
            let offering = try ChannelOffering(channel: .drawn(), epoch: 1, set: .standard, lanes: 4, ends: peer.ends)
            try await peer.control.say(.channelOffer(offering.offer))
        },
        Misdeed("fingerprint of another channel", .broken("did not derive", status: 5, told: .identity)) { peer in
            try await peer.greet()
            try await peer.pin()
            let (status, agreed) = try await peer.answer()
            try await peer.control.say(.channelStatus(status))
            try await peer.welcome(agreed)
            try await peer.control.say(
                .ready(channel: agreed.channel, epoch: agreed.epoch, fingerprint: .drawn()))
        },
        status("the channel refused", noChannel) { $0.outcome = .rejected(.unsupported) },
        grant("a key that is too short") { $0.key = [1] },
        grant("no lanes") { $0.lanes = 0 },
        grant("more lanes than were asked for") { $0.lanes = 9 },
        grant("port 0 for data") { $0.port = 0 },
        grant("port 70000 for data") { $0.port = 70_000 },
    ]

    /// Told, and of no effect: the transfer that follows is by the rules.
    static let endured: [Misdeed] = [
        Misdeed("answers to offers that were never made", .success) { peer in
            try await peer.greet()
            try await peer.pin()
            let (status, agreed) = try await peer.answer(lanes: 1)
            for _ in 0..<200 {
                var other = status
                other.channel = .drawn()
                try await peer.control.say(.channelStatus(other))
                other = status
                other.epoch = 7
                try await peer.control.say(.channelStatus(other))
            }
            for _ in 0..<3 { try await peer.control.say(.channelStatus(status)) }
            try await peer.welcome(agreed)
            try await peer.ready(agreed)
            try await peer.transfer(Goods.of("a"))
        },
        lane("a lane refused", .refused(.busy)),
        lane("a lane welcomed without the channel's key", .welcome(nonce: .drawn(), proof: .drawn())),
        lane(
            "a hello where a welcome is due",
            .hello(LaneName(channel: .drawn(), epoch: 1, prime: 2, generation: 1), nonce: .drawn())),
        lane("a proof where a welcome is due", .proof(.drawn())),
        Misdeed("a dialer's own nonce and proof, sent back", .success) { peer in
            let agreed = try await peer.agreed()
            let (lane, message) = try await peer.hello()
            guard case .hello(let name, let nonce) = message else { return }
            // Its own role's proof: what a mirror could have got of it on another lane.
            try await lane.say(
                .welcome(nonce: nonce, proof: agreed.key.proof(role: .dialer, name: name, peerNonce: nonce)))
            try await peer.secondLane(agreed)
        },
        Misdeed("a chunk before the lane is up", .success) { peer in
            let agreed = try await peer.agreed()
            try await peer.hello().lane.connection.say(Framed.chunk(0, [1]))
            try await peer.secondLane(agreed)
        },
        Misdeed("4 KiB and more before the lane is up", .success) { peer in
            let agreed = try await peer.agreed()
            try await peer.hello().lane.say(kind: 2, stream: 0, length: 4_097)
            try await peer.secondLane(agreed)
        },
        Misdeed("noise on a lane", .success) { peer in
            let agreed = try await peer.agreed()
            try await peer.hello().lane.connection.say(ByteBuffer(bytes: Noise.bytes(64)))
            try await peer.secondLane(agreed)
        },
        Misdeed("an answer that names a host which is none", .success) { peer in
            try await peer.greet()
            try await peer.pin()
            var (status, _) = try await peer.answer(lanes: 1)
            guard case .accepted(let key, let lanes, _, _) = status.outcome else { return }
            status.outcome = .accepted(encapsulation: key, lanes: lanes, dataHost: "elsewhere", dataPort: 1)
            try await peer.control.say(.channelStatus(status), changing: "elsewhere", to: #"a b\u001b[2J"#)
            // No message of the protocol: it ends the link.
            guard await peer.control.heard.isClosed() else { throw PlayFailure(description: "the link is open") }
            try await peer.dialedAgain(link: 2)
        },
        Misdeed("a link that is closed again and again", .success) { peer in
            let host = try expected(peer.host, "a host")
            peer.control.connection.close()
            for count in 2..<6 { try await host.link(count).connection.close() }
            try await peer.dialedAgain(link: 6)
        },
    ]

    /// What an accepted offer is told.
    private struct Grant {
        var key: [UInt8]
        var lanes: Int
        var host: String?
        var port: Int?
    }

    private static func grant(_ name: String, _ change: @escaping @Sendable (inout Grant) -> Void) -> Misdeed {
        status(name, noChannel) { status in
            guard case .accepted(let key, let lanes, _, _) = status.outcome else { return }
            var grant = Grant(key: key, lanes: lanes)
            change(&grant)
            status.outcome = .accepted(
                encapsulation: grant.key, lanes: grant.lanes, dataHost: grant.host, dataPort: grant.port)
        }
    }

    private static func status(
        _ name: String, _ ending: Misdeed.Ending, _ change: @escaping @Sendable (inout ChannelStatus) -> Void
    ) -> Misdeed {
        Misdeed("answer: \(name)", ending) { peer in
            try await peer.greet()
            try await peer.pin()
            var (status, _) = try await peer.answer()
            change(&status)
            try await peer.control.say(.channelStatus(status))
        }
    }

    /// A lane that is answered like this; the next one is let in.
    private static func lane(_ name: String, _ step: LaneHandshake) -> Misdeed {
        Misdeed(name, .success) { peer in
            let agreed = try await peer.agreed()
            try await peer.hello().lane.say(step)
            try await peer.secondLane(agreed)
        }
    }
}

extension HostilePeer {
    /// A channel of one lane, which is about to be dialed.
    fileprivate func agreed() async throws -> AgreedChannel {
        try await greet()
        try await pin()
        return try await agreement()
    }

    private func agreement() async throws -> AgreedChannel {
        let (status, agreed) = try await answer(lanes: 1)
        try await control.say(.channelStatus(status))
        return agreed
    }

    /// Link number `link`, and a transfer by the rules.
    fileprivate func dialedAgain(link: Int) async throws {
        let control = try await expected(host, "a host").link(link)
        let peer = try HostilePeer(identity, credentials, code, port, control, stage, host: host)
        try await peer.greet()
        // What was pinned before stays pinned.
        try await peer.pin(secret.withLock { $0 } ?? .drawn())
        let agreed = try await peer.agreement()
        try await peer.welcome(agreed)
        try await peer.ready(agreed)
        try await peer.transfer(Goods.of("a"))
    }

    /// The lane that replaces the first, and a transfer by the rules.
    fileprivate func secondLane(_ agreed: AgreedChannel) async throws {
        try await welcome(agreed, 2)
        try await ready(agreed)
        try await transfer(Goods.of("a"))
    }
}
