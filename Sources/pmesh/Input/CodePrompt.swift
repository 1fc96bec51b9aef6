import PrimeMesh

/// What is asked until a code is there: an answer in, the next question or the code out. Nothing of a terminal is in it.
struct CodePrompt {
    /// What the program does next.
    enum Step: Hashable {
        /// Says what was wrong, where something was, and asks.
        case ask(String, complaint: String?)
        case code(TypedCode)
        /// No code was wanted.
        case none
    }

    /// A code may be left out: what members send is received then.
    let isOptional: Bool
    private var begun: TypedCode?

    init(isOptional: Bool) {
        self.isOptional = isOptional
    }

    /// The first question.
    var question: String { isOptional ? "code (empty: what members send): " : "code: " }

    mutating func answer(_ text: String) -> Step {
        let isEmpty = text.allSatisfy(\.isWhitespace)
        if let begun { return last(isEmpty ? nil : text, of: begun) }
        if isEmpty {
            return isOptional ? .none : .ask(question, complaint: "the other machine's screen shows the code")
        }
        return read(text)
    }

    /// The symbol that was missing; nil goes on without.
    private mutating func last(_ symbol: String?, of code: TypedCode) -> Step {
        begun = nil
        guard let symbol else { return .code(code) }
        // Whoever types the whole code again is understood, too.
        if (try? MeshNode.readCode(symbol)) != nil { return read(symbol) }
        return read(code.text.dropLast() + symbol)
    }

    private mutating func read(_ text: String) -> Step {
        do {
            let code = try MeshNode.readCode(text)
            if code.isChecked { return .code(code) }
            begun = code
            return .ask("the last symbol is missing: type it, or Enter to go on: ", complaint: nil)
        } catch {
            return .ask(question, complaint: error.message)
        }
    }
}
