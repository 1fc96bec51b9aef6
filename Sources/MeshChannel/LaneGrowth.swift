import MeshWire

/// How many lanes a channel should have: one more after each measurement that is 10 % above the one at the last growth,
/// so the first busy measurement tries one more, and growing ends where it no longer helps.
package struct LaneGrowth: Equatable, Sendable {
    /// Measurements over less than this say little, nanoseconds.
    package static let shortestInterval: UInt64 = 500_000_000
    /// Slower than this nobody needs more lanes, bytes per second.
    package static let slowest = 1_048_576.0
    /// A rise that counts.
    package static let rise = 1.1

    package private(set) var lanes: Int
    /// Bytes per second at the last growth.
    private var reference = 0.0

    package init(lanes: Int) {
        self.lanes = min(max(lanes, 1), Limits.lanes)
    }

    /// `bytes` went over all lanes in `interval` nanoseconds. True: one more lane is wanted.
    package mutating func measured(_ bytes: UInt64, over interval: UInt64) -> Bool {
        guard lanes < Limits.lanes, interval >= Self.shortestInterval else { return false }
        let rate = Double(bytes) / Double(interval) * 1e9
        guard rate >= Self.slowest, rate >= reference * Self.rise else { return false }
        reference = rate
        lanes += 1
        return true
    }
}
