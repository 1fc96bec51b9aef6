import ArgumentParser
import PrimeMesh

/// `pmesh code`
struct Code: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a fresh code, for scripts that hand it to both sides as PMESH_CODE.",
        discussion: """
            Its last symbol finds typing mistakes. A code lives for 15 minutes until two nodes have met under it; from \
            then on it belongs to those two.
            """)

    @OptionGroup var talk: ListOptions

    func run() async throws {
        let output = talk.output(Environment())
        var line = JSONLine(event: "code")
        let code = MeshNode.drawCode()
        line.add("code", code)
        output.style.isJSON ? output.object(line) : output.result(code)
        output.flush()
    }
}
