import MeshWire
import NIOCore

@testable import MeshChannel

/// SplitMix64: chance that repeats.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

let ms: UInt64 = 1_000_000
let second: UInt64 = 1_000_000_000

func bytes32(_ byte: UInt8) -> Bytes32 { Bytes32(repeatElement(byte, count: 32))! }
func node(_ byte: UInt8) -> NodeID { NodeID(bytes32(byte)) }

let lowNode = node(0x11)
let highNode = node(0xee)
let channel = ChannelID(Bytes16(repeatElement(7, count: 16))!)

/// The dialer is the low node.
let dialerEnds = ChannelEnds(local: lowNode, remote: highNode, role: .dialer)
let listenerEnds = ChannelEnds(local: highNode, remote: lowNode, role: .listener)

/// Both ends of one agreement, offered by the dialer.
func agree(
    epoch: UInt32 = 1, set: PrimeSetName = .standard, lanes: Int = 4, on channel: ChannelID = channel,
    secret: (Bytes32?, Bytes32?) = (nil, nil)
) throws -> (dialer: AgreedChannel, listener: AgreedChannel) {
    var (ours, theirs) = (dialerEnds, listenerEnds)
    ours.resumeSecret = secret.0
    theirs.resumeSecret = secret.1
    let offering = try ChannelOffering(channel: channel, epoch: epoch, set: set, lanes: lanes, ends: ours)
    let answering = ChannelAnswering(ends: theirs, policy: .init(maxLanes: 8), knownEpoch: epoch - 1)
    let (status, listener) = try answering.answer(offering.offer)
    return (try offering.accepted(status), listener)
}

extension AgreedChannel {
    func lane(_ index: Int, _ generation: UInt32 = 1) -> LaneName {
        LaneName(channel: channel, epoch: epoch, prime: primes[index], generation: generation)
    }
}
