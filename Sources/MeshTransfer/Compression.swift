import MeshWire

/// What the user asked for with `--compress`.
public enum CompressionMode: Hashable, Sendable {
    /// Deflate while that is faster than the lanes.
    case auto
    case always
    case never
    /// zlib level 1 to 9, always.
    case level(Int)

    /// Reads `auto`, `always`, `never` or `1` to `9`.
    public init?(_ text: String) {
        switch text {
        case "auto": self = .auto
        case "always": self = .always
        case "never": self = .never
        default:
            guard let level = Int(text), (1...9).contains(level) else { return nil }
            self = .level(level)
        }
    }
}

/// What is done with one batch of chunks.
package enum CompressionChoice: Hashable, Sendable {
    case raw
    /// Deflate at this level; keep the result where it is smaller.
    case deflate(level: Int)
    /// Deflate at this level where the chunk's first 64 KiB shrink by a tenth or more.
    case probe(level: Int)
}

/// Decides, batch by batch, whether deflating pays: while encoded bytes wait for the link, so that a slow link gets what
/// zlib can give and a fast one is not slowed.
///
/// ```
///               waits 2 MiB            waits 2 MiB
///      raw ────────────────▶ level 1 ────────────▶ level 6
///          ◀────────────────         ◀────────────
///            dry four times          below 512 KiB
/// ```
/// Level 9 is no step of it: of source text it makes 0.6 % less than level 6 does, for more than twice the time.
///
/// It begins at level 1: what the sockets swallow before anything waits would otherwise leave as it is, on a slow link a
/// second's worth. A step up that has to be taken back soon is tried again after twice as many batches each time: where
/// the processors are what is slow, the link's queue fills and runs dry in turn.
package struct CompressionPolicy: Hashable, Sendable {
    /// One step: zlib's level, and with how few bytes waiting it is given up.
    private struct Rung: Hashable {
        var level: Int
        var leftBelow: Int
    }

    private static let ladder = [
        Rung(level: 1, leftBelow: 128 * 1024), Rung(level: 6, leftBelow: 512 * 1024),
    ]
    /// Bytes that wait when more effort is worth it: 0.2 s of a link of 100 Mbit/s, 2 ms of the fastest loopback.
    private static let full = 2 * 1024 * 1024
    /// Bytes that lanes and sockets swallow at the beginning, whatever the link: nothing waits before that.
    private static let swallowed: UInt64 = 2 * 1024 * 1024
    /// Batches that find so much waiting before the next step up. From raw it is one: raw fills a slow link at once.
    private static let patience = 8
    /// Batches that find nothing waiting before level 1 is given up: as many as are encoded at once, and one.
    private static let dryLimit = 4
    /// A step that held for fewer batches was a mistake. A queue of 2 MiB that the link empties faster than level 1 can
    /// fill it lasts for a handful.
    private static let trial = 16
    /// A mistake doubles the patience with that step, up to 2^8 times.
    private static let mostMistakes = 8

    private let mode: CompressionMode
    /// Position on the ladder; nil is raw.
    private var rung: Int? = 0
    /// Batches since the last step.
    private var held = 0
    /// Those of them that found the queue full, or dry, in a row.
    private var foundFull = 0
    private var foundDry = 0
    /// Steps to each rung that were taken back at once, without one that held in between.
    private var mistakes: [Int]

    package init(_ mode: CompressionMode) {
        self.mode = mode
        mistakes = Array(repeating: 0, count: Self.ladder.count)
    }

    /// `waiting`: encoded bytes that no socket has taken yet, where the link is what they wait for; `given`: all that
    /// lanes were given so far.
    package mutating func choose(waiting: Int, given: UInt64) -> CompressionChoice {
        switch mode {
        case .never: return .raw
        case .always: return .deflate(level: 6)
        case .level(let level): return .deflate(level: level)
        case .auto:
            if given >= Self.swallowed { adapt(waiting) }
            return rung.map { .probe(level: Self.ladder[$0].level) } ?? .raw
        }
    }

    private mutating func adapt(_ waiting: Int) {
        held += 1
        foundFull = waiting >= Self.full ? foundFull + 1 : 0
        foundDry = waiting < Self.ladder[rung ?? 0].leftBelow ? foundDry + 1 : 0
        let next = rung.map { $0 + 1 } ?? 0
        if let rung, foundDry >= (rung == 0 ? Self.dryLimit : 1) {
            mistakes[rung] = held < Self.trial ? min(mistakes[rung] + 1, Self.mostMistakes) : 0
            step(to: rung > 0 ? rung - 1 : nil)
        } else if next < Self.ladder.count, foundFull >= (rung == nil ? 1 : Self.patience) << mistakes[next] {
            step(to: next)
        }
    }

    private mutating func step(to rung: Int?) {
        self.rung = rung
        held = 0
        foundFull = 0
        foundDry = 0
    }
}
