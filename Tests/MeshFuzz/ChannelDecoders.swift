import FoundationEssentials
import MeshChannel
import MeshWire
import NIOCore

// What opens a channel and its lanes: keys, capsules, proofs, and the credit that a peer claims.
extension FuzzedDecoder {
    static let channels = [channelOffer, channelStatus, laneOpening, laneCredit]

    private static let channelOffer = FuzzedDecoder("channel-offer") {
        [Array(try JSONEncoder().encode(try Agreement.shared.get().offer))]
    } body: { bytes in
        let offer = try JSONDecoder().decode(ChannelOffer.self, from: Data(bytes))
        let answering = ChannelAnswering(ends: Agreement.listener, policy: .init(maxLanes: 8))
        let (status, agreed) = try answering.answer(offer)
        try keep((1...Limits.lanes).contains(agreed.lanes), "lanes are within their limit")
        try keep(status.channel == offer.channel && status.epoch == offer.epoch, "an answer is about its offer")
    }

    /// The offer is a new one each time; the answer names it.
    private static let channelStatus = FuzzedDecoder("channel-status") {
        [Array(try JSONEncoder().encode(try Agreement.shared.get().status))]
    } body: { bytes in
        let status = try JSONDecoder().decode(ChannelStatus.self, from: Data(bytes))
        let agreed = try Agreement.offering().accepted(status)
        try keep((1...4).contains(agreed.lanes), "lanes are those that were offered")
        try keep(agreed.dataPort.map { (1...65_535).contains($0) } ?? true, "a port is one")
        try keep(agreed.dataHost.map { (1...253).contains($0.utf8.count) } ?? true, "a host is a name")
    }

    /// First byte: whom the message reaches. Nobody gets through with anything but the proof.
    private static let laneOpening = FuzzedDecoder("lane-opening") {
        let agreement = try Agreement.shared.get()
        return [[0] + (try agreement.welcome()), [1] + (try agreement.proof())]
    } body: { bytes in
        let agreement = try Agreement.shared.get()
        let message = try LaneHandshake(reading: ByteBuffer(bytes: bytes.dropFirst()))
        if bytes[0] & 1 == 0 {
            _ = try agreement.dialerHello().answered(message)
            guard case .welcome(let nonce, let proof) = message else {
                throw BrokenPromise("only a welcome opens a lane")
            }
            let due = agreement.agreed.key.proof(role: .listener, name: agreement.lane, peerNonce: Agreement.nonces.0)
            try keep(proof == due, "a listener has proved itself")
            _ = nonce
        } else {
            _ = try agreement.listenerWelcome().answered(message)
            try keep(Array(buffer: message.encoded()) == agreement.proof(), "a dialer has proved itself")
        }
    }

    /// Channel tests of nine bytes each, between which chunks are sent.
    private static let laneCredit = FuzzedDecoder("lane-credit") {
        [
            Array(buffer: ChannelTest.credit(freed: 70_000).encoded())
                + Array(buffer: ChannelTest.credit(freed: 140_000).encoded())
        ]
    } body: { bytes in
        var credit = LaneCreditOut()
        var rest = bytes[...]
        while !rest.isEmpty {
            _ = credit.spend(70_000)
            guard case .credit(let freed) = try ChannelTest(reading: ByteBuffer(bytes: rest.prefix(9))) else {
                throw Refused()
            }
            try credit.freed(freed)
            try keep(credit.available <= Limits.laneCredit, "credit never exceeds its limit")
            rest = rest.dropFirst(9)
        }
    }
}

/// One channel agreed between two nodes, and its first lane.
struct Agreement: Sendable {
    static let dialer = ChannelEnds(local: node(0x11), remote: node(0xee), role: .dialer)
    static let listener = ChannelEnds(local: node(0xee), remote: node(0x11), role: .listener)
    static let nonces = (node(1).bytes, node(2).bytes)
    static let shared = Result { try Agreement() }
    private static let channel = ChannelID(Bytes16(repeatElement(7, count: 16)) ?? Bytes16())

    let offer: ChannelOffer
    let status: ChannelStatus
    let agreed: AgreedChannel
    let lane: LaneName

    private init() throws {
        offer = try Self.offering().offer
        (status, agreed) = try ChannelAnswering(ends: Self.listener, policy: .init(dataHost: "::1", dataPort: 9))
            .answer(offer)
        lane = LaneName(channel: Self.channel, epoch: 1, prime: agreed.primes[0], generation: 1)
    }

    static func offering() throws -> ChannelOffering {
        try ChannelOffering(channel: channel, epoch: 1, set: .standard, lanes: 4, ends: dialer)
    }

    private static func node(_ byte: UInt8) -> NodeID { NodeID(Bytes32(repeatElement(byte, count: 32)) ?? Bytes32()) }

    func dialerHello() throws -> LaneDialerHello {
        try LaneDialerHello(name: lane, key: agreed.key, nonce: Self.nonces.0)
    }

    func listenerWelcome() throws -> LaneListenerWelcome {
        try LaneListenerHello(try dialerHello().hello).welcomed(with: agreed.key, nonce: Self.nonces.1)
    }

    func hello() throws -> [UInt8] { Array(buffer: try dialerHello().hello.encoded()) }
    func welcome() throws -> [UInt8] { Array(buffer: try listenerWelcome().message.encoded()) }

    func proof() throws -> [UInt8] {
        Array(buffer: try dialerHello().answered(try listenerWelcome().message).message.encoded())
    }
}
