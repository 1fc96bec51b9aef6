/// Text that a shell reads back as one word.
enum ShellText {
    static func quoted(_ word: String) -> String { quoted(Array(word.utf8)) }

    /// What is no text, or would move the cursor, needs the quotes with escapes that bash, zsh and ksh know.
    static func quoted(_ word: [UInt8]) -> String {
        let text = String(validating: word, as: UTF8.self)
        guard let text, !word.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { return escaped(word) }
        if !word.isEmpty, word.allSatisfy(isPlain) { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "/._-+:,@%".utf8.contains(byte)
        }
    }

    private static func escaped(_ word: [UInt8]) -> String {
        let symbols = word.map { byte in
            if isPlain(byte) { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16)
            return "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
        }
        return "$'" + symbols.joined() + "'"
    }
}
