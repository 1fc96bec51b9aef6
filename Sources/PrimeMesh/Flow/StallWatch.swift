/// Notices that a transfer that moved stands still: no byte for 3 s while some are still to come.
///
/// An average that decays for ever says nothing then, and what is left can no longer be reckoned. Times are nanoseconds of
/// a clock that never goes back.
struct StallWatch: Sendable {
    static let limit: UInt64 = 3_000_000_000

    private var bytes: UInt64 = 0
    private var since: UInt64?

    /// `bytes`: a total that grows with what moves; `isDue`: more is to come. Answers the seconds since the last byte where
    /// it stands still.
    mutating func update(_ bytes: UInt64, isDue: Bool, now: UInt64) -> Double? {
        guard isDue, bytes > 0, bytes == self.bytes, let since else {
            self.bytes = bytes
            since = now
            return nil
        }
        let still = now - min(now, since)
        return still >= Self.limit ? Double(still) / 1e9 : nil
    }
}
