import MeshWire
import PrimeMesh
import Testing

@testable import pmesh

@Suite struct CodePromptTests {
    private let code = "7k3x-q9mz-2rtw-w"

    @Test func aWholeCodeIsTaken() {
        var prompt = CodePrompt(isOptional: false)
        #expect(prompt.question == "code: ")
        #expect(prompt.answer("7K3X q9mz 2rtw w") == taken(isChecked: true))
    }

    @Test func aMistypedCodeIsAskedForAgain() {
        var prompt = CodePrompt(isOptional: false)
        let wrong = CodeText.wrongCheck
        #expect(prompt.answer("7k3x-q9mz-2rta-w") == .ask("code: ", complaint: wrong))
        #expect(prompt.answer("7k3x-q9mz-2rtw-x") == .ask("code: ", complaint: wrong))
        #expect(prompt.answer("7k3x-q9mz") == .ask("code: ", complaint: CodeText.short(8)))
        #expect(prompt.answer(code) == taken(isChecked: true))
    }

    @Test func theMissingSymbolMayBeTyped() {
        var prompt = CodePrompt(isOptional: false)
        #expect(prompt.answer("7k3x-q9mz-2rtw") == .ask(CodeText.missing, complaint: nil))
        #expect(prompt.answer("w") == taken(isChecked: true))
    }

    @Test func theMissingSymbolMayBeLeftOut() {
        var prompt = CodePrompt(isOptional: false)
        _ = prompt.answer("7k3x-q9mz-2rtw")
        #expect(prompt.answer(" ") == taken(isChecked: false))
    }

    @Test func aSymbolThatDoesNotFitBeginsAnew() {
        var prompt = CodePrompt(isOptional: false)
        _ = prompt.answer("7k3x-q9mz-2rtw")
        #expect(prompt.answer("x") == .ask("code: ", complaint: CodeText.wrongCheck))
        _ = prompt.answer("7k3x-q9mz-2rtw")
        #expect(prompt.answer("7k3x-q9mz-2rtw-w") == taken(isChecked: true), "the whole code again")
    }

    @Test func onlyAMemberMayGoWithout() {
        var prompt = CodePrompt(isOptional: true)
        #expect(prompt.question == "code (empty: what members send): ")
        #expect(prompt.answer("  ") == .none)
        var stranger = CodePrompt(isOptional: false)
        #expect(stranger.answer("") == .ask("code: ", complaint: "the other machine's screen shows the code"))
    }

    private func taken(isChecked: Bool) -> CodePrompt.Step {
        .code(TypedCode(text: code, isChecked: isChecked, looksChosen: false))
    }

    private enum CodeText {
        static let missing = "the last symbol is missing: type it, or Enter to go on: "
        static let wrongCheck =
            "the code's last symbol does not fit the others; compare it with the other machine's screen"
        static func short(_ count: Int) -> String {
            "a code has 12 symbols, or 13 with its check symbol, and this one has \(count); type it again"
        }
    }
}

@Suite struct CodeNoteTests {
    @Test(arguments: [
        ("10.0.0.7", "pmesh receive --peer 10.0.0.7:7411"), ("::1", "pmesh receive --peer '[::1]:7411'"),
        ("fe80::1%eth0", "pmesh receive --peer '[fe80::1]:7411'"),
    ])
    func theLineToCopyIsOneForAShell(_ host: String, _ line: String) {
        let lines = CodeNote.lines(
            "c", command: "pmesh receive", dial: NodeAddress(host: host, port: 7411), isChosen: false,
            style: Output.Style())
        #expect(lines.last == "  " + line)
    }
}
