/// Time as our own loop lived it: a gap between two events of more than a second means that the process was frozen or
/// the machine asleep, and such time is nobody's silence. Whoever uses it calls ``advance(to:)`` at least every
/// ``cadence``.
struct AwakeClock: Hashable, Sendable {
    /// How often the loop must show that it is awake, nanoseconds.
    static let cadence: UInt64 = 500_000_000
    /// A longer gap was not lived, nanoseconds.
    static let longestGap: UInt64 = 1_000_000_000

    /// Monotonic time of the last event.
    private(set) var last: UInt64
    /// Nanoseconds lived since the clock was made.
    private(set) var lived: UInt64 = 0
    private var sleepBegan: UInt64 = 0
    private var sleepTook: UInt64 = 0

    init(now: UInt64) {
        last = now
    }

    /// An event happened, so we are awake. An earlier `now` than the last is ignored.
    mutating func advance(to now: UInt64) {
        guard now > last else { return }
        let gap = now - last
        if gap > Self.longestGap {
            sleepBegan = last
            sleepTook = gap
        } else {
            lived += gap
        }
        last = now
    }

    /// How much of the time from `start` until the last event was lived. Knows of the last sleep alone, which is enough
    /// for writes and echoes: they seldom outlast two.
    func lived(since start: UInt64) -> UInt64 {
        guard start < last else { return 0 }
        let whole = last - start
        guard start < sleepBegan + sleepTook else { return whole }
        let asleep = sleepBegan + sleepTook - max(start, sleepBegan)
        return whole - min(whole, asleep)
    }
}
