import MeshChannel
import MeshTrust
import MeshWire
import NIOCore

/// What ends a control link, and what ends more than that.
enum ControlMisdeeds {
    /// Closes the link for a reason that the node tells its user; it then waits for the next link of the same peer.
    struct Break: Sendable {
        let name: String
        /// Words of the reason.
        let words: String
        let act: @Sendable (HostilePeer) async throws -> Void
    }

    static let breaks: [Break] = [
        Break(name: "message above 256 KiB", words: "control message of 262145, more than the limit") {
            try await $0.control.say(text: "", length: 262_145)
        },
        Break(name: "message of 4 GiB", words: "control message of 4294967295") {
            try await $0.control.say(text: "", length: Int(UInt32.max))
        },
        Break(name: "no JSON", words: "invalid control message") { try await $0.control.say(text: "hello") },
        Break(name: "nothing at all", words: "invalid control message") { try await $0.control.say(text: "") },
        Break(name: "JSON a hundred thousand deep", words: "invalid control message") {
            try await $0.control.say(text: String(repeating: "[", count: 100_000))
        },
        Break(name: "an object eighty thousand deep in a field nobody reads", words: "invalid control message") {
            peer in
            let deep = String(repeating: #"{"a":"#, count: 30_000) + "1" + String(repeating: "}", count: 30_000)
            try await peer.control.say(text: #"{"x":\#(deep),"v":1}"#)
        },
        Break(name: "another version", words: "invalid control message") {
            try await $0.control.say(text: $0.control.envelope(type: "heartbeat", body: "null", version: 2))
        },
        Break(name: "another sender's name", words: "names another sender than its link") {
            try await $0.control.say(
                text: $0.control.envelope(type: "heartbeat", body: "null", from: $0.remote.description))
        },
        Break(name: "a number left out", words: "where 2 was due") {
            try await $0.control.say(text: $0.control.envelope(type: "heartbeat", body: "null", sequence: "900"))
        },
        Break(name: "a number said before", words: "where 2 was due") {
            try await $0.control.say(text: $0.control.envelope(type: "heartbeat", body: "null", sequence: "0"))
        },
        Break(name: "a number beyond 2^64", words: "invalid control message") {
            try await $0.control.say(
                text: $0.control.envelope(type: "heartbeat", body: "null", sequence: "99999999999999999999"))
        },
        Break(name: "an offer of less than nothing", words: "invalid control message") {
            let sums = #"{"entries":-1,"files":1,"bytes":1,"allocated":1}"#
            let offer =
                #"{"transfer":"\#(TransferID.drawn())","action":{"offer":{"stream":1,"sums":\#(sums),"counting":false}}}"#
            try await $0.control.say(text: $0.control.envelope(type: "transfer", body: offer))
        },
        Break(name: "a body of another type", words: "invalid control message") {
            try await $0.control.say(text: $0.control.envelope(type: "channel-offer", body: "[1,2,3]"))
        },
    ]

    // MARK: what ends the transfer

    static let endings: [Misdeed] = [
        Misdeed("another version of the protocol", .broken("runs another version", told: .unsupported)) {
            try await $0.control.say(
                .membership(.introduce(name: "mallory", version: 2, instance: InstanceID(Bytes16()))))
        },
        Misdeed("pin of a dialer", .broken("what was not due")) {
            try await $0.control.say(
                .membership(.introduce(name: "mallory", version: 3, instance: InstanceID(Bytes16()))))
            try await $0.control.say(.membership(.pin(secret: .drawn())))
        },
        Misdeed("channel before the pin is kept", .broken("what was not due")) { peer in
            try await peer.control.say(
                .membership(.introduce(name: "mallory", version: 3, instance: InstanceID(Bytes16()))))
            let offering = try ChannelOffering(channel: .drawn(), epoch: 1, set: .standard, lanes: 4, ends: peer.ends)
            try await peer.control.say(.channelOffer(offering.offer))
        },
        Misdeed("second channel on one link", .broken("second channel on one link", told: .tooMany)) { peer in
            try await peer.open()
            _ = try? await peer.agree()
        },
        Misdeed("fingerprint of another channel", .broken("did not derive", status: 5, told: .identity)) { peer in
            try await peer.introduce()
            let agreed = try await peer.agree()
            try await peer.openLane(agreed)
            try await peer.control.say(
                .ready(channel: agreed.channel, epoch: agreed.epoch, fingerprint: .drawn()))
        },
        Misdeed(
            "lanes by the dozen, each with two chunks under way",
            .broken("the other side cancelled", status: 3, told: .tooMany)
        ) {
            peer in
            let goods = Goods.of("a")
            let agreed = try await peer.open()
            let id = try await peer.promise(goods)
            // All but the last fragment of 4 MiB, twice on each lane.
            let whole = [UInt8](repeating: 3, count: Limits.chunk)
            for count in 1..<40 {
                guard let lane = try? await peer.openLane(agreed, count % 8, generation: UInt32(2 + count / 8)) else {
                    break
                }
                for stream: UInt16 in [1, 2] {
                    var chunk = Framed.chunk(0, whole, stream: stream)
                    chunk.moveWriterIndex(
                        to: FrameEncoder.regions(payload: whole.count).last!.lowerBound - FrameHeader.size)
                    try await lane.connection.say(chunk)
                }
            }
            try await peer.control.say(.transfer(TransferControl(transfer: id, action: .cancel)))
        },
        Misdeed("messages without end that are not read", .broken("does not read what it is told", told: nil)) { peer in
            try await peer.open()
            try await peer.control.connection.stopListening()
            var many = ByteBuffer()
            for _ in 0..<500 {
                let text = peer.control.envelope(type: "nonsense", body: "null")
                many.writeInteger(UInt32(text.utf8.count))
                many.writeString(text)
            }
            for _ in 0..<200 {
                do { try await peer.control.connection.say(many) } catch { break }
                many.clear()
                for _ in 0..<500 {
                    let text = peer.control.envelope(type: "nonsense", body: "null")
                    many.writeInteger(UInt32(text.utf8.count))
                    many.writeString(text)
                }
            }
        },
    ]

    // MARK: what is answered and changes nothing

    static let endured: [Misdeed] = [
        Misdeed("offers without end", .init(status: 0, told: .unsupported)) { peer in
            let goods = Goods.of("a")
            try await peer.open()
            try await peer.promise(goods)
            let sums = goods.sums
            let offers = (0..<3_000).map { _ in
                ControlMessage.transfer(
                    TransferControl(transfer: .drawn(), action: .offer(stream: 1, sums: sums, counting: false)))
            }
            try peer.control.shout(offers)
            try await peer.deliver(goods)
            try await peer.conclude(within: 30)
        },
        Misdeed("unknown messages without end", .init(status: 0, told: .unsupported)) { peer in
            try await peer.open()
            for _ in 0..<2_000 {
                try await peer.control.say(text: peer.control.envelope(type: "nonsense", body: "null"))
            }
            try await peer.transfer(Goods.of("a"))
        },
        Misdeed("channel offers that cannot be followed", .success) { peer in
            try await peer.introduce()
            for (epoch, lanes, key) in [(1, 4, 3), (1, 0, 1_216), (1, 99, 1_216), (0, 4, 1_216), (1, 4, 1_216)] {
                let id = ChannelID.drawn()
                try await peer.control.say(
                    .channelOffer(
                        ChannelOffer(
                            channel: id, epoch: UInt32(epoch), set: .standard, lanes: lanes,
                            key: [UInt8](repeating: 0xff, count: key))))
                let status = try expected(await peer.status(of: id, epoch: UInt32(epoch)), "an answer")
                guard case .rejected = status.outcome else {
                    throw PlayFailure(description: "offer \(lanes)/\(key): \(status)")
                }
            }
            let agreed = try await peer.agree()
            // The same epoch once more.
            _ = try? await peer.agree(agreed.channel, epoch: 1)
            try await peer.openLane(agreed)
            try await peer.ready(agreed)
            try await peer.transfer(Goods.of("a"))
        },
        Misdeed("links by the dozen", .success) { peer in
            try await peer.open()
            var links: [HostilePeer] = []
            for _ in 0..<40 { links.append(try await peer.meetAgain()) }
            try await peer.transfer(Goods.of("a"))
            for link in links { link.close() }
        },
        Misdeed("another node with the right code", .success) { peer in
            try await peer.open()
            let identity = NodeIdentity()
            let other = try await ControlTalk.dial(
                peer.port, identity, try HostilePeer.credentials(identity, code: peer.code))
            guard await other.farewell() == .identity else { throw PlayFailure(description: "another node was let in") }
            try await peer.transfer(Goods.of("a"))
        },
        Misdeed("requests for a membership", .success) { peer in
            try await peer.open()
            for _ in 0..<100 {
                try await peer.control.say(.membership(.request(name: "mallory", csr: [1, 2, 3])))
                try await peer.control.say(.membership(.grant(membership: [1, 2, 3])))
            }
            try await peer.transfer(Goods.of("a"))
        },
    ]
}
