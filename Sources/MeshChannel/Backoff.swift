/// How long to wait before the next attempt: 0.1 s, or the `first` given, doubling up to 5 s, less up to a quarter by
/// chance, so that many lanes lost at once are not dialed at once.
package struct Backoff: Hashable, Sendable {
    package static let shortest: UInt64 = 100_000_000
    package static let longest: UInt64 = 5_000_000_000

    /// The next wait before chance, nanoseconds.
    private var wait: UInt64
    private let first: UInt64

    package init(first: UInt64 = shortest) {
        self.first = first
        wait = first
    }

    /// Nanoseconds to wait, for one more failure.
    package mutating func next(using generator: inout some RandomNumberGenerator) -> UInt64 {
        let jitter = UInt64.random(in: 0...wait / 4, using: &generator)
        defer { wait = min(wait * 2, Self.longest) }
        return wait - jitter
    }

    /// An attempt succeeded.
    package mutating func reset() { wait = first }
}
