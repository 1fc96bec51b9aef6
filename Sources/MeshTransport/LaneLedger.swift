import MeshChannel
import MeshWire
import Synchronization

/// What a lane's sender and its event loop both need to know of its chunk bytes, readable without waiting. All three
/// count from the lane's opening and never go down.
final class LaneLedger: Sendable {
    /// Given to the lane by `send(chunks:)`; counted there, so that the sender's own next look includes it.
    private let given = Atomic<UInt64>(0)
    /// Handed to the socket.
    private let handed = Atomic<UInt64>(0)
    /// Given back by the peer.
    private let freed = Atomic<UInt64>(0)

    /// The network's share in millionths, or one of the two below.
    private let share = Atomic<Int>(awaited)
    private static let awaited = -1
    private static let untold = -2

    /// How often TCP sent the oldest bytes again; -1 where nobody asked since it was taken.
    private let repeats = Atomic<Int>(-1)

    private static let writesKept = 64

    /// The newest writes, for whoever keeps the lane's health.
    private let writes = Mutex<[LaneWrite]>([])

    init() {}

    func gave(_ bytes: Int) { given.wrappingAdd(UInt64(bytes), ordering: .relaxed) }
    func hand(total: UInt64) { handed.store(total, ordering: .relaxed) }
    func free(upTo total: UInt64) { freed.store(total, ordering: .relaxed) }

    func note(_ told: NetworkShare) {
        let value =
            switch told {
            case .untold: Self.untold
            case .awaited: Self.awaited
            case .told(let share): Int(share * 1_000_000)
            }
        share.store(value, ordering: .relaxed)
    }

    func note(repeats count: Int) { repeats.store(count, ordering: .relaxed) }

    func takeRepeats() -> Int? {
        let count = repeats.exchange(-1, ordering: .relaxed)
        return count < 0 ? nil : count
    }

    var networkShare: NetworkShare {
        switch share.load(ordering: .relaxed) {
        case Self.untold: .untold
        case Self.awaited: .awaited
        case let millionths: .told(Double(millionths) / 1_000_000)
        }
    }

    /// Chunk bytes that wait here, and chunk bytes that may still be given.
    var room: (queued: Int, credit: UInt64) {
        // In this order: the other two only trail behind what was given.
        let handed = handed.load(ordering: .relaxed)
        let freed = freed.load(ordering: .relaxed)
        let given = given.load(ordering: .relaxed)
        let owed = given - min(freed, given)
        return (Int(given - min(handed, given)), Limits.laneCredit - min(owed, Limits.laneCredit))
    }

    func wrote(_ write: LaneWrite) {
        writes.withLock { writes in
            if writes.count == Self.writesKept { writes.removeFirst() }
            writes.append(write)
        }
    }

    func takeWrites() -> [LaneWrite] {
        writes.withLock { writes in
            defer { writes.removeAll(keepingCapacity: true) }
            return writes
        }
    }
}
