import ArgumentParser

/// `pmesh version`
struct Version: AsyncParsableCommand {
    static let text = "pmesh 0.1.0"
    static let configuration = CommandConfiguration(abstract: "Print the version.")

    func run() async throws {
        let output = Output(Output.Style())
        output.result(Self.text)
        output.flush()
    }
}
