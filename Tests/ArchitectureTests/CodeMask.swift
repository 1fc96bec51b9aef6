/// Blanks out comments and string literals, so that what is left can be searched for words and braces.
struct CodeMask {
    private let text: [Character]
    private var place = 0
    private var output: [Character] = []

    static func code(of text: String) -> String {
        var mask = CodeMask(text: Array(text))
        mask.scan(untilParenthesis: false)
        return String(mask.output)
    }

    private init(text: [Character]) {
        self.text = text
        output.reserveCapacity(text.count)
    }

    /// Code, to the end or to the parenthesis that closes an interpolation.
    private mutating func scan(untilParenthesis: Bool) {
        var depth = 0
        while place < text.count {
            if starts("//") {
                while place < text.count, text[place] != "\n" { blank() }
            } else if starts("/*") {
                blockComment()
            } else if let hashes = openingHashes() {
                string(hashes: hashes)
            } else {
                if text[place] == "(" { depth += 1 }
                if text[place] == ")" {
                    if untilParenthesis && depth == 0 { return blank() }
                    depth -= 1
                }
                output.append(text[place])
                place += 1
            }
        }
    }

    private func starts(_ word: String) -> Bool {
        place + word.count <= text.count && zip(text[place...], word).allSatisfy { $0 == $1 }
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where place < text.count {
            output.append(text[place] == "\n" ? "\n" : " ")
            place += 1
        }
    }

    /// They nest.
    private mutating func blockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                blank(2)
            } else if starts("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && place < text.count
    }

    /// How many # stand before the quotation mark that opens here; nil where no string does.
    private func openingHashes() -> Int? {
        let hashes = text[place...].prefix { $0 == "#" }.count
        return place + hashes < text.count && text[place + hashes] == "\"" ? hashes : nil
    }

    private mutating func string(hashes: Int) {
        let fence = String(repeating: "#", count: hashes)
        blank(hashes)
        let quote = starts("\"\"\"") ? "\"\"\"" : "\""
        blank(quote.count)
        while place < text.count, !starts(quote + fence) {
            if starts("\\\(fence)(") {
                blank(hashes + 2)
                scan(untilParenthesis: true)
            } else {
                blank(starts("\\\(fence)") ? hashes + 2 : 1)
            }
        }
        blank(quote.count + hashes)
    }
}
