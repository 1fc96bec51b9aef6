/// A small generator with a seed: xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators,
/// scrambled", 2016). Good enough to draw orders and moments with, and the same on every machine.
package struct Seeded: RandomNumberGenerator, Hashable, Sendable {
    private var state: UInt64

    package init(_ seed: UInt64) {
        // Neighbouring seeds must not begin alike, and zero would stay zero for ever.
        state = (seed &+ 1) &* 0x9e37_79b9_7f4a_7c15
        if state == 0 { state = 1 }
    }

    package mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }

    /// True once in `n` times.
    package mutating func oneIn(_ n: UInt64) -> Bool { next(upperBound: n) == 0 }
}
