import ArgumentParser

/// `pmesh mesh`
struct Mesh: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create a mesh, bring nodes into it, see who is in.",
        subcommands: [MeshCreate.self, MeshInvite.self, MeshJoin.self, MeshMembers.self])
}
