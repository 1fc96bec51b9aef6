/// A pattern for one name: `*`, `?`, `[a-z]`, `[!a-z]`, and `\` for taking the next byte as it is. `?` and sets stand
/// for one byte.
struct Glob: Hashable, Sendable {
    private enum Token: Hashable {
        case byte(UInt8)
        case anyByte
        case anyRun
        case set([ClosedRange<UInt8>], isNegated: Bool)
    }

    private var tokens: [Token] = []
    /// Bytes that a name must have at least: each token but `*` stands for one. What is longer is no match and costs nothing.
    private var least = 0

    /// Bytes of a set at most, twice what naming every byte takes. Without a limit a line of sets that never end, each
    /// looking for its `]`, would take the square of its length: hours for a file of 1 MiB.
    private static let setLength = 512

    init(_ pattern: ArraySlice<UInt8>) {
        var rest = pattern
        let lastEnd = pattern.lastIndex(of: UInt8(ascii: "]")) ?? pattern.startIndex
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "*"):
                if tokens.last != .anyRun { tokens.append(.anyRun) }
            case UInt8(ascii: "?"): tokens.append(.anyByte)
            case UInt8(ascii: "[") where rest.startIndex <= lastEnd: tokens.append(Self.readSet(&rest) ?? .byte(byte))
            case UInt8(ascii: "\\"): tokens.append(.byte(rest.popFirst() ?? byte))
            default: tokens.append(.byte(byte))
            }
        }
        least = tokens.count { $0 != .anyRun }
    }

    /// At most `name.count` × number of tokens steps: on a mismatch only the last `*` takes one byte more.
    func matches(_ name: [UInt8]) -> Bool {
        guard name.count >= least else { return false }
        var token = 0
        var index = 0
        var star: (token: Int, index: Int)?
        while index < name.count {
            if token < tokens.count, tokens[token] == .anyRun {
                star = (token, index)
                token += 1
            } else if token < tokens.count, Self.matches(tokens[token], name[index]) {
                token += 1
                index += 1
            } else if let last = star {
                star = (last.token, last.index + 1)
                token = last.token + 1
                index = last.index + 1
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { $0 == .anyRun }
    }

    private static func matches(_ token: Token, _ byte: UInt8) -> Bool {
        switch token {
        case .byte(let wanted): wanted == byte
        case .anyByte, .anyRun: true
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(byte) } != isNegated
        }
    }

    /// Reads behind `[` up to the closing `]`; nil, and nothing read, where there is none within its length. A `]` in the
    /// first place is meant as itself.
    private static func readSet(_ rest: inout ArraySlice<UInt8>) -> Token? {
        var inner = rest.prefix(setLength)
        var isNegated = false
        if inner.first == UInt8(ascii: "!") || inner.first == UInt8(ascii: "^") {
            isNegated = true
            inner.removeFirst()
        }
        var ranges: [ClosedRange<UInt8>] = []
        while let byte = inner.popFirst() {
            if byte == UInt8(ascii: "]"), !ranges.isEmpty {
                rest = rest[inner.startIndex...]
                return .set(ranges, isNegated: isNegated)
            }
            let low = byte == UInt8(ascii: "\\") ? inner.popFirst() ?? byte : byte
            guard inner.first == UInt8(ascii: "-"), let high = inner.dropFirst().first, high != UInt8(ascii: "]")
            else {
                ranges.append(low...low)
                continue
            }
            inner = inner.dropFirst(2)
            if low <= high { ranges.append(low...high) }
        }
        return nil
    }
}
