/// Decides which discovery questions are answered: at most one per source and second, so that a forged source address
/// gets no more out of us than it puts in (an answer is never longer than its question, see `DiscoveryMessage`).
///
/// Times are nanoseconds of a clock that never goes back.
package struct DiscoveryResponder: Sendable {
    /// Between two answers to one source.
    package static let interval: UInt64 = 1_000_000_000
    /// Sources remembered at most: what comes from others while the table is full is not answered, which also bounds the
    /// answers of one second.
    package static let limit = 1_024

    private var answered: [String: UInt64] = [:]

    package init() {}

    package enum OnQuestion: Hashable, Sendable {
        /// Send one answer to the source.
        case answer
        /// Say nothing.
        case ignore
    }

    /// A question whose seal was good came from `source` (an address without its port: ports cost nothing).
    package mutating func question(from source: String, at now: UInt64) -> OnQuestion {
        if let last = answered[source], now < last + Self.interval { return .ignore }
        if answered.count >= Self.limit && answered[source] == nil {
            answered = answered.filter { now < $0.value + Self.interval }
            guard answered.count < Self.limit else { return .ignore }
        }
        answered[source] = now
        return .answer
    }
}
