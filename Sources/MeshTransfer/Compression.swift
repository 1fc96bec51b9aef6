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

/// Decides, batch by batch, whether deflating pays: only while encoded chunks wait for lanes, so that a slow link gets
/// what zlib can give and a fast one is never slowed.
package struct CompressionPolicy: Hashable, Sendable {
    /// Levels in the order they are climbed while batches wait.
    private static let ladder = [1, 6, 9]
    /// Batches that must be encoded at one level, with others waiting all the while, before the next is tried.
    private static let patience = 8

    private let mode: CompressionMode
    /// Position on the ladder; nil is raw.
    private var rung: Int?
    private var waited = 0

    package init(_ mode: CompressionMode) {
        self.mode = mode
    }

    /// `waiting`: bytes encoded and not yet taken by a lane; `bound`: as many as the session allows to wait.
    package mutating func choose(waiting: Int, bound: Int) -> CompressionChoice {
        switch mode {
        case .never: return .raw
        case .always: return .deflate(level: 6)
        case .level(let level): return .deflate(level: level)
        case .auto: return adapt(isFull: waiting * 2 >= bound, isDry: waiting == 0)
        }
    }

    private mutating func adapt(isFull: Bool, isDry: Bool) -> CompressionChoice {
        if isDry {
            rung = rung.flatMap { $0 > 0 ? $0 - 1 : nil }
            waited = 0
        } else if isFull {
            waited += 1
            if rung == nil {
                rung = 0
            } else if waited >= Self.patience, let current = rung, current < Self.ladder.count - 1 {
                rung = current + 1
                waited = 0
            }
        }
        return rung.map { .probe(level: Self.ladder[$0]) } ?? .raw
    }
}
