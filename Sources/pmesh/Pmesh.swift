import ArgumentParser

/// The root command: it has only subcommands.
struct Pmesh: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pmesh",
        abstract: "Moves files between machines: encrypted, verified, resumable, with a record of everything.",
        discussion: """
            On one machine:    pmesh send report.pdf
            On the other one:  pmesh receive

            An option wins over the environment (PMESH_HOME, PMESH_NAME, PMESH_OUT, PMESH_COMPRESS, PMESH_ON_CONFLICT, \
            PMESH_PEER, PMESH_LISTEN, PMESH_DATA_LISTEN, PMESH_WAIT, PMESH_PATIENCE), that over config.json, and that \
            over the default. A code is read from PMESH_CODE, a prompt, or standard input.

            Exit codes: 0 done and verified, 1 other, 2 usage, 3 refused, 4 no peer found, 5 identity or code mismatch, \
            6 integrity, 7 disk full, I/O error, or a path that is missing or cannot be read, 8 conflict, 23 partial, 24 source changed, 30 timed out, 130 interrupted.
            """,
        version: Version.text,
        subcommands: [
            Send.self, Receive.self, Resume.self, Transfers.self, History.self, Verify.self, Mesh.self, Code.self,
            Version.self,
        ])

    static var _errorPrefix: String { "pmesh: " }
}
