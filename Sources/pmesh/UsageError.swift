import ArgumentParser
import PrimeMesh

/// What is wrong with the arguments, as one sentence that says what to do.
struct UsageError {
    let arguments: [String]

    /// `message`: the parser's own words; `full`: with the lines that it puts behind them.
    func sentence(_ message: String, full: String) -> String {
        // Its own suggestions are the shortest words, however far they are.
        let cause = message.split(separator: "Did you mean", maxSplits: 1).first.map(String.init) ?? message
        let plain = cause.trimmed(". \n")
        let hint = suggestion(plain).map { ": did you mean \($0)?" } ?? ";"
        return "\(plain.lowercasedFirst)\(hint) see `\(help(full))`"
    }

    /// For `help NAME` where there is no such command, which the parser takes for no name at all.
    var unknownHelp: String? {
        guard arguments.first == "help" else { return nil }
        var command: any ParsableCommand.Type = Pmesh.self
        for name in arguments.dropFirst() where !name.hasPrefix("-") {
            guard let next = command.child(name) else {
                let nearest = NearestWord.of(name, among: command.childNames)
                return
                    "there is no command '\(name)'\(nearest.map { ": did you mean \($0)?" } ?? ";") see `pmesh --help`"
            }
            command = next
        }
        return nil
    }

    /// The line that shows the help of the command that was meant.
    private func help(_ full: String) -> String {
        guard let start = full.range(of: "See '"), let end = full[start.upperBound...].firstIndex(of: "'") else {
            return "pmesh --help"
        }
        return String(full[start.upperBound..<end])
    }

    private func suggestion(_ cause: String) -> String? {
        let quoted = cause.split(separator: "'", omittingEmptySubsequences: false)
        guard quoted.count >= 3 else { return nil }
        let word = String(quoted[1])
        if word.hasPrefix("--") {
            return NearestWord.of(word, among: options)
        }
        guard cause.contains("nexpected argument"), word == arguments[path.count...].first else { return nil }
        return NearestWord.of(word, among: command.childNames)
    }

    /// The names of commands with which the arguments begin.
    private var path: [String] {
        var names: [String] = []
        var here: any ParsableCommand.Type = Pmesh.self
        for name in arguments {
            guard let next = here.child(name) else { break }
            here = next
            names.append(name)
        }
        return names
    }

    private var command: any ParsableCommand.Type {
        path.reduce(Pmesh.self as any ParsableCommand.Type) { $0.child($1) ?? $0 }
    }

    /// Long options of the command, out of its help.
    private var options: [String] {
        let help = Pmesh.helpMessage(for: command)
        return Set(help.split { !($0.isLetter || $0 == "-") }.filter { $0.hasPrefix("--") && $0.count > 3 }).map(
            String.init
        )
        .sorted()
    }
}

extension ParsableCommand {
    fileprivate static func child(_ name: String) -> (any ParsableCommand.Type)? {
        configuration.subcommands.first { $0._commandName == name || $0.configuration.aliases.contains(name) }
    }

    fileprivate static var childNames: [String] { configuration.subcommands.map { $0._commandName } }
}

extension String {
    fileprivate func trimmed(_ symbols: String) -> String {
        let rest = drop { symbols.contains($0) }
        return String(rest.reversed().drop { symbols.contains($0) }.reversed())
    }

    /// Not of `'x'` and the like.
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }

    /// Where `text` first occurs.
    fileprivate func range(of text: String) -> Range<String.Index>? { firstRange(of: text) }
}
