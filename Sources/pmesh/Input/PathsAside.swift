/// Takes paths out of the arguments before the argument parser sees them: it takes the square of their number.
///
/// Of words in a row that begin with no hyphen the first may be the value of the option before it. The others can be
/// nothing but paths, and go past the parser; so do all but the first behind `--`.
enum PathsAside {
    /// Says to the command that paths went past the parser.
    static let flag = "paths-aside"
    private static let commands: Set<String> = ["send", "tx"]

    static func split(_ arguments: [String]) -> (rest: [String], aside: [[UInt8]]) {
        guard let command = arguments.first, commands.contains(command) else { return (arguments, []) }
        var rest = [command]
        var aside: [[UInt8]] = []
        var isInRun = false
        var isBehindMark = false
        for word in arguments.dropFirst() {
            let isPlain = isBehindMark || !word.hasPrefix("-") || word == "-"
            // An empty word is a mistake, which the parser names.
            if isPlain && isInRun && !word.isEmpty {
                aside.append(ArgumentBytes.bytes(of: word))
                continue
            }
            rest.append(word)
            isInRun = isPlain
            isBehindMark = isBehindMark || word == "--"
        }
        if !aside.isEmpty { rest.insert("--" + flag, at: 1) }
        return (rest, aside)
    }
}
