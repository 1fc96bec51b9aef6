/// What is left out of a transfer: the patterns of gitignore(5), from `--exclude` or a `.pmeshignore` file.
///
/// The last pattern that matches decides. A pattern with `/` in its beginning or middle counts from the folder that
/// the patterns are for, others match at any depth below it; `/` at the end means folders alone; `**` stands for any
/// number of folders; `!` takes back; `#` begins a comment. What lies in a folder left out cannot be taken back.
package struct IgnorePatterns: Hashable, Sendable {
    private enum Part: Hashable, Sendable {
        case name(Glob)
        case anyFolders
    }

    private struct Pattern: Hashable, Sendable {
        var parts: [Part] = []
        var isNegated = false
        var isForFolders = false
    }

    private var patterns: [Pattern] = []

    /// One pattern a line.
    package init(_ lines: [[UInt8]] = []) {
        patterns = lines.compactMap(Self.pattern)
    }

    /// The contents of a file; lines may end with CR LF.
    package init(text: [UInt8]) {
        let lines = text.split(separator: UInt8(ascii: "\n")).map { line in
            Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
        }
        self.init(lines)
    }

    package var isEmpty: Bool { patterns.isEmpty }

    /// Whether `path` (components below the folder that the patterns are for) is left out; nil where no pattern says.
    package func excludes(_ path: ArraySlice<[UInt8]>, isFolder: Bool) -> Bool? {
        let deciding = patterns.last { pattern in
            (isFolder || !pattern.isForFolders) && Self.matches(pattern.parts, path)
        }
        return deciding.map { !$0.isNegated }
    }

    // MARK: reading

    private static func pattern(_ line: [UInt8]) -> Pattern? {
        var rest = trimmed(line)
        guard let first = rest.first, first != UInt8(ascii: "#") else { return nil }
        var pattern = Pattern()
        if first == UInt8(ascii: "!") {
            pattern.isNegated = true
            rest.removeFirst()
        }
        if rest.last == slash {
            pattern.isForFolders = true
            rest.removeLast()
        }
        if !rest.contains(slash) { pattern.parts.append(.anyFolders) }
        for part in rest.split(separator: slash) {
            guard part.elementsEqual("**".utf8) else {
                pattern.parts.append(.name(Glob(part)))
                continue
            }
            // Several in a row say no more than one, and would be walked for every path.
            if pattern.parts.last != .anyFolders { pattern.parts.append(.anyFolders) }
        }
        return rest.allSatisfy { $0 == slash } ? nil : pattern
    }

    /// Without blanks at the end, unless a backslash stands before one.
    private static func trimmed(_ line: [UInt8]) -> ArraySlice<UInt8> {
        var rest = line[...]
        while rest.last == UInt8(ascii: " "), rest.dropLast().last != UInt8(ascii: "\\") { rest.removeLast() }
        return rest
    }

    // MARK: matching

    /// `reached[n]`: the parts so far can stand for the first n components. Steps: parts × components.
    private static func matches(_ parts: [Part], _ path: ArraySlice<[UInt8]>) -> Bool {
        if parts.count == 2, parts[0] == .anyFolders, case .name(let glob) = parts[1], let name = path.last {
            return glob.matches(name)
        }
        let path = Array(path)
        var reached = [true] + [Bool](repeating: false, count: path.count)
        for (index, part) in parts.enumerated() {
            guard let first = reached.firstIndex(of: true) else { return false }
            switch part {
            case .anyFolders:
                // At the end `**` stands for what is inside: one component or more.
                let from = index == parts.count - 1 ? first + 1 : first
                for place in reached.indices { reached[place] = place >= from }
            case .name(let glob):
                for place in reached.indices.reversed() {
                    reached[place] = place > 0 && reached[place - 1] && glob.matches(path[place - 1])
                }
            }
        }
        return reached[path.count]
    }

    private static let slash = UInt8(ascii: "/")
}
