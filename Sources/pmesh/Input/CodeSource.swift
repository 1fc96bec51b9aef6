import PrimeMesh

/// Where a code comes from: the argument, else `PMESH_CODE`, else whom one can ask. It never has to stand in the
/// argument list, where every user of the machine can read it.
struct CodeSource {
    let argument: String?
    let environment: Environment
    let input: TerminalInput

    /// `-` reads a line of standard input. Nil where no code was given and nobody could be asked, or the answer was empty
    /// and that may be.
    func code(isOptional: Bool) async throws(MeshError) -> String? {
        if argument == "-" {
            guard let line = await input.line() else {
                throw MeshError(.usage, "standard input ended before a code; write the code and a line end to it")
            }
            return try checked(line)
        }
        if let given = argument ?? environment["CODE"] { return try checked(given) }
        guard TerminalInput.isInteractive else { return nil }
        return try await asked(CodePrompt(isOptional: isOptional))
    }

    /// The code of the environment alone, for the side that may draw one.
    func chosen() throws(MeshError) -> String? {
        guard let given = environment["CODE"] else { return nil }
        return try checked(given)
    }

    private func asked(_ prompt: CodePrompt) async throws(MeshError) -> String? {
        var prompt = prompt
        var question = prompt.question
        while let answer = await input.ask(question) {
            switch prompt.answer(answer) {
            case .none: return nil
            case .code(let code): return warned(code)
            case .ask(let next, let complaint):
                if let complaint { input.output.essential(complaint) }
                question = next
            }
        }
        throw MeshError(.interrupted, "interrupted before a code was given")
    }

    private func checked(_ text: String) throws(MeshError) -> String { warned(try MeshNode.readCode(text)) }

    private func warned(_ code: TypedCode) -> String {
        if code.looksChosen {
            input.output.warning("this code looks chosen, and can be guessed: `pmesh code` draws one that cannot")
        }
        return code.text
    }
}
