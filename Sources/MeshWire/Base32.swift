/// Crockford's base32 (https://www.crockford.com/base32.html): no I, L, O, U, so that it can be read aloud and typed.
///
/// Written in lower case. Read forgivingly: either case, `o` as 0, `i` and `l` as 1, hyphens and blanks ignored.
package enum Base32 {
    package static let alphabet: [UInt8] = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// The bits of `bytes` in groups of five, first bit first, the last group filled with zeros.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        var pending: UInt32 = 0
        var bits = 0
        for byte in bytes {
            pending = (pending << 8) | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[Int((pending >> UInt32(bits)) & 31)])
            }
            pending &= (1 << UInt32(bits)) - 1
        }
        if bits > 0 { text.append(alphabet[Int((pending << UInt32(5 - bits)) & 31)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes whose encoding `text` is, or nil where a symbol is unknown or left-over bits are not zero.
    package static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var pending: UInt32 = 0
        var bits = 0
        for byte in text.utf8 where byte != UInt8(ascii: "-") && byte != UInt8(ascii: " ") {
            guard let value = value(of: byte) else { return nil }
            pending = (pending << 5) | UInt32(value)
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
                pending &= (1 << UInt32(bits)) - 1
            }
        }
        return bits < 5 && pending == 0 ? bytes : nil
    }

    /// The five bits a symbol stands for, or nil where it stands for none.
    package static func value(of symbol: UInt8) -> UInt8? {
        let lower = symbol | 0x20
        switch lower {
        case UInt8(ascii: "o"): return 0
        case UInt8(ascii: "i"), UInt8(ascii: "l"): return 1
        case UInt8(ascii: "a")...UInt8(ascii: "z"):
            return alphabet.firstIndex(of: lower).map(UInt8.init)
        default:
            guard symbol >= UInt8(ascii: "0"), symbol <= UInt8(ascii: "9") else { return nil }
            return symbol - UInt8(ascii: "0")
        }
    }
}
