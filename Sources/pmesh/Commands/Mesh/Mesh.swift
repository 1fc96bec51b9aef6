import ArgumentParser

/// `pmesh mesh`
struct Mesh: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create a mesh, bring nodes into it, see who is in.",
        discussion: """
            Members send to each other by name, without a code: `pmesh send PATH --to NAME` on one machine, and `pmesh \
            receive` without a code on the other.
            """,
        subcommands: [MeshCreate.self, MeshInvite.self, MeshJoin.self, MeshMembers.self])
}
