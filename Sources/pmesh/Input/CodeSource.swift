import PrimeMesh

/// Where a code comes from: the argument, else `PMESH_CODE`, else whom one can ask. It never has to stand in the
/// argument list, where every user of the machine can read it.
struct CodeSource {
    let argument: String?
    let environment: Environment
    let input: TerminalInput

    /// `-` reads a line of standard input. Nil where no code was given and nobody could be asked, or the answer was empty.
    func code(prompt: String) async throws(MeshError) -> String? {
        if argument == "-" {
            guard let line = await input.line() else {
                throw MeshError(.usage, "standard input ended before a code; write the code and a line end to it")
            }
            return try checked(line)
        }
        if let given = argument ?? environment["CODE"] { return try checked(given) }
        guard TerminalInput.isInteractive else { return nil }
        guard let answer = await input.ask(prompt) else {
            throw MeshError(.interrupted, "interrupted before a code was given")
        }
        return answer.allSatisfy(\.isWhitespace) ? nil : try checked(answer)
    }

    /// The code of the environment alone, for the side that may draw one.
    func chosen() throws(MeshError) -> String? {
        guard let given = environment["CODE"] else { return nil }
        return try checked(given)
    }

    private func checked(_ code: String) throws(MeshError) -> String {
        if let warning = try MeshNode.codeWarning(code) { input.output.warning(warning) }
        return code
    }
}
