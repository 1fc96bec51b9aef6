/// A function, initializer, subscript or computed property, from its first line to its closing brace.
struct FunctionSpan: Hashable {
    var name: String
    /// From 1.
    var line: Int
    var length: Int

    /// All of `code`, whose comments and strings must be blank. Declarations without a body are left out.
    static func all(in code: String) -> [FunctionSpan] {
        let text = Array(code)
        let keywords: Set = ["func", "init", "deinit", "subscript", "var"]
        var spans: [FunctionSpan] = []
        var (place, line) = (0, 1)
        while place < text.count {
            guard text[place].isWord, place == 0 || !(text[place - 1].isWord || text[place - 1] == ".") else {
                if text[place] == "\n" { line += 1 }
                place += 1
                continue
            }
            let word = String(text[place...].prefix(while: \.isWord))
            place += word.count
            guard keywords.contains(word), let end = bodyEnd(text, from: place, isVariable: word == "var") else {
                continue
            }
            let name = String(text[place...].drop { $0 == " " }.prefix { !"({:<= \n".contains($0) })
            let length = 1 + text[place...end].count { $0 == "\n" }
            spans.append(FunctionSpan(name: name.isEmpty ? word : name, line: line, length: length))
        }
        return spans
    }

    /// The brace that closes the body of a declaration whose keyword ended at `start`.
    private static func bodyEnd(_ text: [Character], from start: Int, isVariable: Bool) -> Int? {
        var place = start
        var depth = 0
        while place < text.count {
            switch text[place] {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return closingBrace(text, from: place)
            case "}" where depth == 0: return nil
            case "=" where depth == 0 && isVariable: return nil
            case "\n" where depth == 0 && endsHere(text, place): return nil
            default: break
            }
            if depth < 0 { return nil }
            place += 1
        }
        return nil
    }

    /// A signature goes on behind a line end only with one of these.
    private static func endsHere(_ text: [Character], _ place: Int) -> Bool {
        let next = String(text[place...].drop(while: \.isWhitespace).prefix { !$0.isWhitespace })
        return !["->", "{", "where", "async", "throws", "rethrows"].contains { next.hasPrefix($0) }
    }

    private static func closingBrace(_ text: [Character], from start: Int) -> Int? {
        var depth = 0
        for place in start..<text.count {
            if text[place] == "{" { depth += 1 }
            if text[place] == "}" {
                depth -= 1
                if depth == 0 { return place }
            }
        }
        return nil
    }
}

extension Character {
    fileprivate var isWord: Bool { isLetter || isNumber || self == "_" }
}
