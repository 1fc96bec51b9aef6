/// Changes inputs a little, as a fuzzer without feedback does: the same seed makes the same changes.
package struct Mutation {
    private var generator: Seeded
    private static let telling: [UInt8] = [
        0, 1, 0x7f, 0x80, 0xff, 0x20, 0x22, 0x2d, 0x2e, 0x2f, 0x5b, 0x5c, 0x7b, 0x7d,
    ]

    package init(seed: UInt64) { generator = Seeded(seed) }

    /// One of `inputs` with one to four changes; parts of the others may come in.
    package mutating func next(of inputs: [[UInt8]]) -> [UInt8] {
        var bytes = inputs.isEmpty ? [] : inputs[below(inputs.count)]
        for _ in 0...below(4) { change(&bytes, inputs) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8], _ inputs: [[UInt8]]) {
        let place = below(bytes.count + 1)
        let span = place..<min(bytes.count, place + 1 + below(1 << below(8)))
        switch below(9) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(below(8))
        case 1 where place < bytes.count: bytes[place] = UInt8(below(256))
        case 2 where place < bytes.count: bytes[place] = Self.telling[below(Self.telling.count)]
        case 3 where place < bytes.count: bytes[place] &+= UInt8(truncatingIfNeeded: below(9) - 4)
        case 4: bytes.removeSubrange(span)
        case 5: bytes.insert(contentsOf: bytes[span], at: place)
        case 6: bytes.insert(contentsOf: (0...below(8)).map { _ in UInt8(below(256)) }, at: place)
        case 7: bytes.removeSubrange(place...)
        case 8 where !inputs.isEmpty:
            let other = inputs[below(inputs.count)]
            bytes.replaceSubrange(place..., with: other[below(other.count + 1)...])
        default: bytes.append(UInt8(below(256)))
        }
    }

    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(bound, 1), using: &generator) }
}

/// A small generator with a seed: xorshift64*, good enough to shuffle with.
package struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    package init(_ seed: UInt64) { state = (seed &+ 1) &* 0x9e37_79b9_7f4a_7c15 }

    package mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }
}

/// Cuts a stream where a number says, as a socket might: pieces of 1 byte to all the rest.
struct Cuts {
    private var generator: Seeded

    init(_ number: UInt8) { generator = Seeded(UInt64(number)) }

    mutating func pieces(of bytes: ArraySlice<UInt8>) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes
        while !rest.isEmpty {
            let most = [1, 3, 64, 4_096][Int(generator.next() % 4)]
            let count = Int(generator.next() % UInt64(most)) + 1
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }
}
