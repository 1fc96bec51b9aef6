import ArgumentParser
import PrimeMesh

/// The root command: it has only subcommands.
struct Pmesh: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pmesh",
        abstract: "Moves files between machines: encrypted, verified, resumable, with a record of everything.",
        discussion: """
            On one machine:

              pmesh send report.pdf      prints a one-time code

            On the other one:

              pmesh receive              asks for the code, shows what is offered, asks y/N

            The two find each other on this machine or on the local network, or `--peer HOST` names one to the other. What \
            was interrupted goes on with `pmesh resume`.

            An option wins over the environment (PMESH_HOME, PMESH_NAME, PMESH_OUT, PMESH_COMPRESS, PMESH_ON_CONFLICT, \
            PMESH_PEER, PMESH_LISTEN, PMESH_DATA_LISTEN, PMESH_WAIT, PMESH_PATIENCE), that over config.json, and that \
            over the default. A code is read from PMESH_CODE, a prompt, or standard input.

            Exit codes:

            \(exitCodes)
            """,
        version: Version.text,
        subcommands: [
            Send.self, Receive.self, Resume.self, Transfers.self, History.self, Verify.self, Mesh.self, Code.self,
            Version.self,
        ])

    static var _errorPrefix: String { "pmesh: " }

    /// One line each, indented as the manual page needs it to keep them apart.
    private static var exitCodes: String {
        PrimeMesh.ExitCode.allCases.map { code in
            let number = String(code.rawValue)
            return "  " + String(repeating: " ", count: 3 - number.count) + "\(number)  \(code.meaning)"
        }.joined(separator: "\n")
    }
}

extension PrimeMesh.ExitCode {
    /// For people, in a few words.
    var meaning: String {
        switch self {
        case .done: "done and verified"
        case .other: "another error"
        case .usage: "usage: also an address that is not ours, a name nobody has, no mesh"
        case .refused: "refused or cancelled by the other side"
        case .noPeer: "no peer found"
        case .identity: "identity or code mismatch"
        case .integrity: "integrity: data that does not verify"
        case .disk: "disk full, a path that is missing, or it could not be read or written"
        case .conflict: "conflict: another process works on it, or a name is taken"
        case .partial: "partial: something that was wanted is not there; each one is named"
        case .sourceChanged: "sources kept changing while they were sent, or changed since"
        case .timedOut: "the other side was lost and did not come back: resumable"
        case .interrupted: "interrupted: resumable"
        }
    }
}
