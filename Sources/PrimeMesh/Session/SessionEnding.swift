/// How a session ends: the last words and the lanes' last frames leave, then everything closes; at the latest after 3 s.
///
/// Times are nanoseconds of a clock that never goes back.
struct SessionEnding {
    /// A peer that reads nothing any more is not waited for any longer than this.
    static let limit: UInt64 = 3_000_000_000

    private var deadline: UInt64?

    /// The outcome stands, and the last words are being said.
    var hasBegun: Bool { deadline != nil }

    /// The outcome stands. True the first time: that is when the last words are to be said.
    mutating func begin(now: UInt64) -> Bool {
        guard deadline == nil else { return false }
        deadline = now + Self.limit
        return true
    }

    /// `isSent`: nothing waits to leave. Before the end has begun nothing is over.
    func isOver(isSent: Bool, now: UInt64) -> Bool {
        guard let deadline else { return false }
        return isSent || now >= deadline
    }
}
