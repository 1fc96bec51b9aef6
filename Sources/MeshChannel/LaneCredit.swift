package import MeshWire

/// The sending end's view of a lane's credit: how many bytes of chunk frames may still go out before the receiver has
/// freed some. Keeps a lane from holding more of the receiver's memory than ``Limits/laneCredit``.
///
/// Both ends count from the lane's opening and never down: 2^64 bytes at 10 GB/s take 58 years.
package struct LaneCreditOut: Hashable, Sendable {
    /// Bytes of chunk frames sent since the lane opened.
    package private(set) var sent: UInt64 = 0
    /// Of these, bytes the receiver gave back.
    package private(set) var freed: UInt64 = 0

    package init() {}

    /// Bytes of chunk frames that may go out now.
    package var available: UInt64 { Limits.laneCredit - (sent - freed) }

    /// A chunk of this cost goes out, if it may: false changes nothing. The largest chunk fits twice.
    package mutating func spend(_ cost: Int) -> Bool {
        guard UInt64(cost) <= available else { return false }
        sent += UInt64(cost)
        return true
    }

    /// The receiver said how much it freed in all (`ChannelTest.credit`).
    package mutating func freed(_ total: UInt64) throws(LaneCreditError) {
        guard total >= freed else { throw .shrunk(from: freed, to: total) }
        guard total <= sent else { throw .freedUnsent(freed: total, sent: sent) }
        freed = total
    }
}

/// The receiving end's view of a lane's credit: what the peer may send, and when to tell it that bytes were freed.
package struct LaneCreditIn: Hashable, Sendable {
    /// Told at once when this much was freed: a fast lane never runs dry, and few messages are spent on it. Together with
    /// the largest chunk it fits the window, or a sender could wait for credit that is never told.
    package static let quantum: UInt64 = 1024 * 1024

    /// Bytes of chunk frames received since the lane opened.
    package private(set) var received: UInt64 = 0
    /// Of these, bytes that were freed.
    package private(set) var freed: UInt64 = 0
    /// What the peer was told of `freed`.
    package private(set) var told: UInt64 = 0

    package init() {}

    /// A chunk of this cost arrived. The peer can know of no more credit than it was told.
    package mutating func received(_ cost: Int) throws(LaneCreditError) {
        let outstanding = received + UInt64(cost) - told
        guard outstanding <= Limits.laneCredit else { throw .overdrawn(by: outstanding - Limits.laneCredit) }
        received += UInt64(cost)
    }

    /// Chunks of this cost were freed. Returns what to tell the peer, when it is time.
    package mutating func freed(_ cost: Int) -> ChannelTest? {
        freed += UInt64(cost)
        precondition(freed <= received, "more chunk bytes freed than were received")
        return freed - told >= Self.quantum ? tell() : nil
    }

    /// Nothing else is under way on the lane: whatever was freed is told now.
    package mutating func idle() -> ChannelTest? { freed > told ? tell() : nil }

    private mutating func tell() -> ChannelTest {
        told = freed
        return .credit(freed: freed)
    }
}

/// How a peer broke the rule of credit; the lane is closed.
package enum LaneCreditError: Error, Hashable, Sendable {
    case overdrawn(by: UInt64)
    case shrunk(from: UInt64, to: UInt64)
    case freedUnsent(freed: UInt64, sent: UInt64)
}

extension LaneCreditError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .overdrawn(let excess): "the peer sent \(excess) bytes beyond its lane's credit; the lane was closed"
        case .shrunk(let old, let new):
            "the peer took lane credit back (\(old) bytes freed, then \(new)); the lane was closed"
        case .freedUnsent(let freed, let sent):
            "the peer freed \(freed) bytes of a lane that carried \(sent); the lane was closed"
        }
    }
}
