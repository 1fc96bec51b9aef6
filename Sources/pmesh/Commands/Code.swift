import ArgumentParser
import PrimeMesh

/// `pmesh code`
struct Code: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a fresh code, for scripts that hand it to both sides as PMESH_CODE.")

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
