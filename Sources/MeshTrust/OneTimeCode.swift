import MeshWire

/// Sixty random bits that two people hand each other: twelve base32 symbols as `xxxx-xxxx-xxxx`, and a thirteenth that
/// finds typing mistakes for who wants it. A secret: it belongs on a screen or in a prompt, never in a log.
package struct OneTimeCode: Hashable, Sendable {
    /// The sixty bits, in the low end.
    package let value: UInt64

    /// A new code drawn from `generator`, which must be fit for secrets.
    package init(using generator: inout some RandomNumberGenerator) {
        value = generator.next() >> 4
    }

    /// Reads twelve symbols, or thirteen with the check symbol, as forgivingly as ``MeshWire/Base32``: either case, `o`
    /// for 0, `i` and `l` for 1, hyphens and blanks anywhere, also the dashes that word processors make of hyphens.
    package init(_ text: String) throws(CodeError) {
        let symbols = text.filter { !$0.isWhitespace && !Self.dashes.contains($0) }
        var values: [UInt8] = []
        for symbol in symbols {
            guard let value = symbol.asciiValue.flatMap(Base32.value(of:)) else { throw .wrongSymbol(symbol) }
            values.append(value)
        }
        guard values.count == 12 || values.count == 13 else { throw .wrongLength(values.count) }
        if values.count == 13, values[12] != Self.check(values.prefix(12)) { throw .wrongCheck }
        value = values.prefix(12).reduce(0) { $0 << 5 | UInt64($1) }
    }

    /// Whether a code as it was typed ends with its check symbol.
    package static func isChecked(_ text: String) -> Bool {
        text.filter { !$0.isWhitespace && !dashes.contains($0) }.count == 13
    }

    private static let dashes: Set<Character> = ["-", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2014}"]

    /// The twelve symbols' values, first symbol first.
    private var symbols: [UInt8] {
        stride(from: 55, through: 0, by: -5).map { UInt8(truncatingIfNeeded: value >> UInt64($0)) & 31 }
    }

    /// `xxxx-xxxx-xxxx-c`: the code with its check symbol.
    package var withCheck: String { Self.text(symbols + [Self.check(symbols[...])]) }

    /// The eight bytes the code is stretched from, highest first.
    var bytes: [UInt8] { value.bigEndianBytes }

    private static func text(_ values: [UInt8]) -> String {
        stride(from: 0, to: values.count, by: 4).map { start in
            let group = values[start..<min(start + 4, values.count)]
            return String(decoding: group.map { Base32.alphabet[Int($0)] }, as: UTF8.self)
        }.joined(separator: "-")
    }

    /// The sum of each symbol times a power of x of its own, in the field GF(2^5) with x^5 = x^2 + 1. Any wrong symbol
    /// and any two exchanged symbols change it, since x has 31 different powers. (Crockford's own check, modulo 37,
    /// needs five more symbols; modulo 31 it would miss exchanged symbols, since 32 = 1 there.)
    private static func check(_ values: ArraySlice<UInt8>) -> UInt8 {
        values.reduce(0) { sum, value in
            let doubled = (sum ^ value) << 1
            return doubled & 32 == 0 ? doubled : doubled ^ 0b100101
        }
    }
}

extension OneTimeCode: CustomStringConvertible {
    /// `xxxx-xxxx-xxxx`, without the check symbol.
    package var description: String { Self.text(symbols) }
}

extension OneTimeCode {
    /// Whether a person rather than chance seems to have picked the code: worth a warning, never a refusal. Of random
    /// codes about one in 10,000 looks so.
    package var looksChosen: Bool {
        let text = symbols.map { Base32.alphabet[Int($0)] }
        if Set(text).count < 6 || text.allSatisfy({ $0 <= UInt8(ascii: "9") }) { return true }
        if [1, 2, 3, 4, 6].contains(where: { period in text.dropFirst(period).elementsEqual(text.dropLast(period)) }) {
            return true
        }
        return (0...text.count - 5).contains { start in
            Self.rows.contains(String(decoding: text[start..<start + 5], as: UTF8.self))
        }
    }

    /// Five neighbours of the alphabet, of the digits or of a keyboard's rows, in both directions, and five alike.
    private static let rows: Set<String> = {
        let alphabet = String(decoding: Base32.alphabet, as: UTF8.self)
        var found = Set(alphabet.map { String(repeating: $0, count: 5) })
        for row in [alphabet, "01234567890", "qwerty", "asdfghjk1", "zxcvbnm"] {
            for line in [Array(row), row.reversed()] {
                for start in 0...line.count - 5 { found.insert(String(line[start..<start + 5])) }
            }
        }
        return found
    }()
}

/// What is wrong with a code somebody typed. None of these repeats the code.
package enum CodeError: Error, Hashable, Sendable {
    case wrongLength(Int)
    case wrongSymbol(Character)
    case wrongCheck
}

extension CodeError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .wrongLength(let count):
            "a code has 12 symbols, or 13 with its check symbol, and this one has \(count); type it again"
        case .wrongSymbol(let symbol):
            "a code has no \(symbol.debugDescription), only digits and letters other than u; type it again"
        case .wrongCheck: "the code's last symbol does not fit the others; compare it with the other machine's screen"
        }
    }
}
