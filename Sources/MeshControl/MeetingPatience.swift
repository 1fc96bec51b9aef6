/// How long a peer is waited for: first until a transfer has begun, and then anew after each loss.
///
/// A link that came to nothing (somebody looked a name up, a member had nothing to send) is not the peer: the time that
/// was granted for it goes on as if nobody had come.
///
/// Times are nanoseconds of a clock that never goes back, spans are seconds; an infinite span has no deadline.
package struct MeetingPatience: Sendable {
    private let first: Double
    private let again: Double
    private var since: UInt64
    /// A transfer has begun: what is waited for now is its peer's return.
    package private(set) var isReturn = false

    package init(first: Double, again: Double, now: UInt64) {
        self.first = first
        self.again = again
        since = now
    }

    /// When the wait for the next link ends; nil: never.
    package var deadline: UInt64? {
        Self.deadline(of: isReturn ? again : first, from: since)
    }

    /// The time for the next link has passed. One that came to nothing must not be followed by others for ever.
    package func isOver(now: UInt64) -> Bool { deadline.map { now >= $0 } ?? false }

    /// When a span of seconds that begins at `now` ends; nil: never.
    package static func deadline(of span: Double, from now: UInt64) -> UInt64? {
        guard span < longest else { return nil }
        return now + UInt64(max(span, 0) * 1e9)
    }

    /// A link ended. `hadTransfer`: a transfer was accepted on it.
    package mutating func linkEnded(hadTransfer: Bool, now: UInt64) {
        guard hadTransfer || isReturn else { return }
        isReturn = true
        since = now
    }

    /// 30 years: beyond that nobody waits, and nanoseconds do not overflow.
    private static let longest = 1e9
}
