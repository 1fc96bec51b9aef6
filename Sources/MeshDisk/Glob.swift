/// A pattern for one name: `*`, `?`, `[a-z]`, `[!a-z]`, `[[:alpha:]]`, and `\` for taking the next byte as it is. `?` and
/// sets stand for one byte.
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

    /// Bytes of a set at most, twice what naming every byte takes: longer ones are mistakes, and cost time for each name.
    static let setLength = 512

    init(_ pattern: ArraySlice<UInt8>) throws(PatternFault) {
        var rest = pattern
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "*"):
                if tokens.last != .anyRun { tokens.append(.anyRun) }
            case UInt8(ascii: "?"): tokens.append(.anyByte)
            case UInt8(ascii: "["): tokens.append(try Self.readSet(&rest))
            case Self.backslash: tokens.append(.byte(try Self.taken(&rest)))
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

    // MARK: sets

    /// Reads behind `[` up to the closing `]`. A `]` in the first place is meant as itself.
    private static func readSet(_ rest: inout ArraySlice<UInt8>) throws(PatternFault) -> Token {
        var inner = rest.prefix(setLength)
        let isCut = inner.count < rest.count
        let isNegated = inner.first == UInt8(ascii: "!") || inner.first == UInt8(ascii: "^")
        if isNegated { inner.removeFirst() }
        var ranges: [ClosedRange<UInt8>] = []
        while let byte = inner.popFirst() {
            if byte == UInt8(ascii: "]"), !ranges.isEmpty {
                rest = rest[inner.startIndex...]
                return .set(ranges, isNegated: isNegated)
            }
            if byte == UInt8(ascii: "["), let mark = inner.first, [UInt8](":=.".utf8).contains(mark) {
                ranges += try readClass(&inner)
            } else {
                ranges.append(try readRange(from: byte, &inner))
            }
        }
        throw isCut ? .longSet : .openSet
    }

    /// Reads a byte, or a range of them.
    private static func readRange(
        from first: UInt8, _ inner: inout ArraySlice<UInt8>
    ) throws(PatternFault) -> ClosedRange<UInt8> {
        var low = first
        if first == backslash { low = try taken(&inner) }
        guard inner.first == UInt8(ascii: "-"), let next = inner.dropFirst().first, next != UInt8(ascii: "]") else {
            return low...low
        }
        inner = inner.dropFirst(2)
        var high = next
        if next == backslash { high = try taken(&inner) }
        guard low <= high else { throw .emptyRange }
        return low...high
    }

    /// Reads behind the second `[` of `[[:alpha:]]`.
    private static func readClass(_ inner: inout ArraySlice<UInt8>) throws(PatternFault) -> [ClosedRange<UInt8>] {
        let name = inner.prefix { $0 != UInt8(ascii: "]") }
        guard name.count < inner.count else { throw .openSet }
        guard let ranges = classes[String(decoding: name, as: UTF8.self)] else { throw .unknownClass }
        inner = inner[name.endIndex...].dropFirst()
        return ranges
    }

    /// The byte behind a backslash.
    private static func taken(_ rest: inout ArraySlice<UInt8>) throws(PatternFault) -> UInt8 {
        guard let byte = rest.popFirst() else { throw .lastBackslash }
        return byte
    }

    private static let backslash = UInt8(ascii: "\\")

    /// The classes of POSIX, for ASCII.
    private static let classes: [String: [ClosedRange<UInt8>]] = [
        ":alnum:": [0x30...0x39, 0x41...0x5a, 0x61...0x7a], ":alpha:": [0x41...0x5a, 0x61...0x7a],
        ":blank:": [0x09...0x09, 0x20...0x20], ":cntrl:": [0x00...0x1f, 0x7f...0x7f], ":digit:": [0x30...0x39],
        ":graph:": [0x21...0x7e], ":lower:": [0x61...0x7a], ":print:": [0x20...0x7e],
        ":punct:": [0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e], ":space:": [0x09...0x0d, 0x20...0x20],
        ":upper:": [0x41...0x5a], ":xdigit:": [0x30...0x39, 0x41...0x46, 0x61...0x66],
    ]
}
