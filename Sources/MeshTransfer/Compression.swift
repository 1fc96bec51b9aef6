package import MeshWire

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

/// Decides, batch by batch, whether deflating pays: while encoded bytes wait for the network, so that a slow link gets
/// what zlib can give and a fast one is not slowed.
///
/// ```
///       waits 2 MiB, share
///       above 0.6, or worth it      waits 2 MiB
///      raw ────────────────▶ level 1 ────────────▶ level 6
///          ◀────────────────         ◀────────────
///          dry or slower, four        below 512 KiB
///          times                      or slower
/// ```
/// A receiver that is slow fills the same queue as a slow link. TCP tells them apart (`NetworkShare`): raw bytes that
/// wait for the network have a share of nearly 1. *Slower* is a rung with share × ratio below 1 (plain bytes : bytes on
/// the wire of the last batches): the link was busy for less of the time than raw bytes would have needed, so raw is
/// faster. Dry alone is not: raw batches that fill the link while zlib cannot, and deflated ones while it is full, are
/// faster than either alone. Where the system does not tell the share, the queue decides by itself.
///
/// Level 9 is no step of it: of source text it makes 0.6 % less than level 6 does, for more than twice the time.
///
/// It begins at level 1 for a few batches, which are the whole of a small transfer; then raw until the first share is
/// told. A step up that was a mistake is tried again after twice as many batches each time.
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
    /// Batches deflated at level 1 while nothing is known: 10 ms of a core each.
    private static let blindBatches = 2
    /// The network's share above which raw bytes wait for it: 0.35 on loopback, 0.99 up to 1 Gbit/s.
    private static let networkBound = 0.6
    /// Share × ratio below which raw is faster. Less than 1, as windows and batches do not end together, and as what
    /// cannot shrink costs next to nothing on a rung.
    private static let worthwhile = 0.9
    /// Part of the ratio's memory that each batch takes over: about the last eight count.
    private static let forgetting = 0.125
    /// Batches that find so much waiting before the next step up. From raw it is one: raw fills a slow link at once.
    private static let patience = 8
    /// Batches that find nothing waiting before level 1 is given up: as many as are encoded at once, and one.
    private static let dryLimit = 4
    /// Where no share is told: a step that held for fewer batches was a mistake. A queue of 2 MiB that the link empties
    /// faster than level 1 can fill it lasts for a handful.
    private static let trial = 16
    /// A mistake doubles the patience with that step, up to 2^8 times.
    private static let mostMistakes = 8

    private let mode: CompressionMode
    /// Position on the ladder; nil is raw.
    private var rung: Int? = 0
    /// Batches chosen before anything was known of the link; nil from then on.
    private var blind: Int? = 0
    /// Plain bytes and bytes on the wire of the last batches, older ones counting less.
    private var plain = 0.0
    private var wire = 0.0
    /// Batches since the last step.
    private var held = 0
    /// Those of them that found the queue full, or dry, in a row.
    private var foundFull = 0
    private var foundDry = 0
    /// Steps to each rung that were mistakes, without one that held in between.
    private var mistakes: [Int]

    package init(_ mode: CompressionMode) {
        self.mode = mode
        mistakes = Array(repeating: 0, count: Self.ladder.count)
    }

    /// Whether the next choice is made without knowing the link, and it is soon known.
    package func awaits(_ share: NetworkShare) -> Bool { mode == .auto && blind != nil && share == .awaited }

    /// A batch of these many plain bytes takes these many on the wire.
    package mutating func encoded(plain: Int, wire: Int) {
        self.plain += Double(plain) - self.plain * Self.forgetting
        self.wire += Double(wire) - self.wire * Self.forgetting
    }

    /// `waiting`: encoded bytes that no socket has taken yet, where the link is what they wait for; `given`: all that
    /// lanes were given so far; `share`: for what part of the time the network was what the lanes waited for.
    package mutating func choose(waiting: Int, given: UInt64, share: NetworkShare) -> CompressionChoice {
        switch mode {
        case .never: return .raw
        case .always: return .deflate(level: 6)
        case .level(let level): return .deflate(level: level)
        case .auto:
            if let blind { begin(blind, share) }
            if blind == nil, given >= Self.swallowed { adapt(waiting, share) }
            return rung.map { .probe(level: Self.ladder[$0].level) } ?? .raw
        }
    }

    /// The first share decides the start.
    private mutating func begin(_ count: Int, _ share: NetworkShare) {
        blind = share == .awaited ? count + 1 : nil
        switch share {
        case .untold: break
        case .awaited: if count >= Self.blindBatches { rung = nil }
        case .told(let share): step(to: share > Self.networkBound ? 0 : nil)
        }
    }

    private mutating func adapt(_ waiting: Int, _ share: NetworkShare) {
        let isSlower = isSlower(share)
        held += 1
        foundFull = waiting >= Self.full ? foundFull + 1 : 0
        foundDry = isSlower || waiting < Self.ladder[rung ?? 0].leftBelow ? foundDry + 1 : 0
        let next = rung.map { $0 + 1 } ?? 0
        if let rung, foundDry >= (rung == 0 ? Self.dryLimit : 1) {
            if held >= Self.trial, !isSlower { mistakes[rung] = 0 }
            if isMistake(share) { mistakes[rung] = min(mistakes[rung] + 1, Self.mostMistakes) }
            step(to: rung > 0 ? rung - 1 : nil)
        } else if next < Self.ladder.count, foundFull >= (rung == nil ? 1 : Self.patience) << mistakes[next],
            rung != nil || isNetworkBound(share)
        {
            step(to: next)
        }
    }

    /// Plain bytes to bytes on the wire of the last batches; 1 before the first.
    private var ratio: Double { wire > 0 ? plain / wire : 1 }

    /// Whether raw bytes would be faster than what the last batches were made of.
    private func isSlower(_ share: NetworkShare) -> Bool {
        guard case .told(let share) = share, wire > 0 else { return false }
        return share * ratio < Self.worthwhile
    }

    /// Whether a step that is taken back now should not have been tried.
    private func isMistake(_ share: NetworkShare) -> Bool {
        if case .told = share { return isSlower(share) }
        return held < Self.trial
    }

    /// Whether raw bytes wait for the network, or deflating is worth it by what is still known of the last batches: while
    /// raw and deflated ones take turns, the share is below that of raw bytes alone.
    private func isNetworkBound(_ share: NetworkShare) -> Bool {
        guard case .told(let share) = share else { return true }
        return share > Self.networkBound || share * ratio >= Self.worthwhile
    }

    private mutating func step(to rung: Int?) {
        self.rung = rung
        held = 0
        foundFull = 0
        foundDry = 0
    }
}
