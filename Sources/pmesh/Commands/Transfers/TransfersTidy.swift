import ArgumentParser
import PrimeMesh

/// `pmesh transfers tidy`
struct TransfersTidy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidy", abstract: "Find hidden parts that transfers left, and remove those nobody needs.",
        discussion: """
            Removed are parts of transfers that ended or were forgotten here. Others are listed: those of a transfer that can \
            go on belong to it, and those that no transfer here knows may belong to another home.
            """)

    @Argument(help: "Where to look. (default: every folder into which something was received)")
    var folders: [PathArgument] = []

    @Flag(help: "Also remove parts that no transfer here knows, after a question.")
    var all = false

    @Flag(name: .shortAndLong, help: "Answer that question with yes.")
    var yes = false

    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        try await home.withNode(settings) { node in
            let parts = try await node.leftParts(in: folders.map(\.bytes))
            let takesUnknown = try await takesUnknown(parts, TerminalInput(output: output))
            for part in parts {
                var isRemoved = part.owner == .over || part.owner == .unknown && takesUnknown
                if isRemoved { isRemoved = try await node.remove(part) }
                tell(part, isRemoved, output)
            }
            if parts.isEmpty { output.note("no hidden parts were found") }
        }
        output.flush()
    }

    private func takesUnknown(_ parts: [LeftPart], _ input: TerminalInput) async throws(MeshError) -> Bool {
        let unknown = parts.filter { $0.owner == .unknown }
        guard all, !unknown.isEmpty else { return false }
        if yes { return true }
        guard TerminalInput.isInteractive else {
            throw MeshError(.usage, "--all asks before it removes, and there is no terminal to ask at: add --yes")
        }
        for part in unknown { input.output.essential("  \(part.path)  \(HumanText.size(part.size))") }
        let question = "remove \(HumanText.count(UInt64(unknown.count), "part")) that no transfer here knows? [y/N] "
        guard let answer = await input.ask(question) else {
            throw MeshError(.interrupted, "interrupted before an answer was given")
        }
        return ["y", "yes"].contains(answer.lowercased().filter { !$0.isWhitespace })
    }

    private func tell(_ part: LeftPart, _ isRemoved: Bool, _ output: Output) {
        guard output.style.isJSON else {
            let action = isRemoved ? "removed" : "kept"
            let reason = isRemoved ? "" : ": " + Self.reason(part)
            return output.note("\(action) \(part.path) (\(HumanText.size(part.size)))\(reason)")
        }
        var line = JSONLine(event: "part")
        line.add("path", part.path)
        line.add("size", part.size)
        line.add("transfer", part.transfer)
        line.add("owner", part.owner.rawValue)
        line.add("removed", isRemoved)
        output.object(line)
    }

    private static func reason(_ part: LeftPart) -> String {
        switch part.owner {
        case .running, .over: "a receiver works in its folder"
        case .unfinished: "transfer \(part.transfer) can go on; `pmesh transfers cancel \(part.transfer)` ends it"
        case .unknown: "no transfer here knows it; --all removes it"
        }
    }
}
