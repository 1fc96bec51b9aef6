package import MeshWire

/// A lane that is up, as ``ChannelSession`` sees it.
package struct LaneState: Hashable, Sendable {
    package let name: LaneName
    /// Monotonic time.
    package let openedAt: UInt64
    /// Bytes of both directions.
    package internal(set) var bytes: UInt64 = 0
    package internal(set) var health: LaneHealth
    /// Takes no new work since then (monotonic time).
    package internal(set) var drainingSince: UInt64?
    /// When the next probe is due.
    var nextProbe: UInt64

    init(name: LaneName, now: UInt64) {
        self.name = name
        openedAt = now
        nextProbe = now
        health = LaneHealth(now: now)
    }

    package var isDraining: Bool { drainingSince != nil }

    /// Old enough, in bytes or time, for new keys: a new handshake on a lane that follows it.
    func needsRenewal(now: UInt64) -> Bool {
        !isDraining && (bytes >= ChannelSession.renewalBytes || now - openedAt >= ChannelSession.renewalAge)
    }
}

/// What a prime of the order stands for in this epoch: the lanes that bear its name, one after another.
struct LaneSlot: Hashable, Sendable {
    let prime: UInt16
    /// The highest generation ever dialed or admitted. Generations begin at 1.
    var highest: UInt32 = 0
    /// The generation that is being dialed (dialer) or proves itself (listener).
    var pending: UInt32?
    var backoff = Backoff()
}

/// Why a listener does not admit a lane.
package enum LaneRefusal: Error, Hashable, Sendable {
    /// The channel is closed, or this end dials.
    case notListening
    case otherChannel
    case otherEpoch(UInt32, current: UInt32)
    /// The prime is not among the first eight of the channel's order.
    case unknownPrime(UInt16)
    /// A replay, or a dial that was overtaken.
    case staleGeneration(UInt32, latest: UInt32)
    /// So many lanes are up, draining ones included.
    case tooMany(Int)

    /// What the dialer is told.
    package var code: FailureCode {
        switch self {
        case .notListening, .otherChannel, .otherEpoch: .unknown
        case .unknownPrime: .protocolViolation
        case .staleGeneration: .busy
        case .tooMany: .tooMany
        }
    }
}

extension LaneRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notListening: "the peer dialed a lane of a channel that takes none now; it was refused"
        case .otherChannel: "the peer dialed a lane of a channel that is not known here; it was refused"
        case .otherEpoch(let epoch, let current):
            "the peer dialed a lane of epoch \(epoch) where \(current) holds; it was refused and is dialed anew"
        case .unknownPrime(let prime): "the peer dialed a lane by the prime \(prime), which names none; it was refused"
        case .staleGeneration(let generation, let latest):
            "the peer dialed generation \(generation) of a lane where \(latest) was seen; it was refused as a replay"
        case .tooMany(let count): "the peer dialed one more lane while \(count) are up; it was refused"
        }
    }
}
