import ArgumentParser
import MeshWire
import PrimeMesh

/// `pmesh mesh members`
struct MeshMembers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members", abstract: "List the members of the mesh, as far as this node knows them.")

    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Output") var talk: ListOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        let members = try await home.withNode(settings) { try await $0.members() }
        if output.style.isJSON {
            for member in members { output.object(Self.line(member)) }
        } else if members.isEmpty {
            output.note(
                "this node is in no mesh; create one with `pmesh mesh create`, or join one with `pmesh mesh join`")
        } else {
            Self.table(members).forEach(output.result)
        }
        output.flush()
    }

    static func line(_ member: MemberInfo) -> JSONLine {
        var line = JSONLine(event: "member")
        line.add("name", member.name)
        line.add("id", member.id.description)
        line.add("self", member.isSelf)
        line.add("lastSeen", optional: member.lastSeen.map(HumanText.universalTime))
        line.add("address", optional: member.address?.description)
        return line
    }

    private static func table(_ members: [MemberInfo]) -> [String] {
        var table = TextTable([("NAME", .left), ("LAST SEEN", .left), ("ADDRESS", .left), ("NODE", .left)])
        for member in members {
            let seen = member.isSelf ? "this node" : member.lastSeen.map(HumanText.localTime) ?? "never"
            table.add([member.name, seen, member.address?.description ?? "-", member.id.description])
        }
        return table.lines
    }
}
