/// What is left out of a transfer: the patterns of gitignore(5), from `--exclude` or a `.pmeshignore` file.
///
/// The last pattern that matches decides. A pattern with `/` in its beginning or middle counts from the folder that
/// the patterns are for, others match at any depth below it; `/` at the end means folders alone; `**` stands for any
/// number of folders; `!` takes back; in a file `#` begins a comment. What lies in a folder left out cannot be taken
/// back. Syntax that is not known is an error, never a pattern that matches nothing.
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

    /// Leaves nothing out.
    package init() {}

    /// One pattern an element, as given on a command line: neither comments nor blanks at the end mean anything there.
    package init(_ arguments: [[UInt8]]) throws(IgnoreFault) {
        for argument in arguments {
            do { try add(argument[...]) } catch { throw IgnoreFault(.argument(argument), .pattern(error)) }
        }
    }

    /// The contents of the file at `path`: one pattern a line, which ends with LF or CR LF. A byte order mark of UTF-8
    /// before the first is no part of it.
    package init(text: [UInt8], of path: [UInt8]) throws(IgnoreFault) {
        // No path holds a NUL; in UTF-16 every letter of ASCII has one.
        guard !text.contains(0) else { throw IgnoreFault(.file(path), .notText) }
        let mark: [UInt8] = [0xef, 0xbb, 0xbf]
        let body = text.starts(with: mark) ? text.dropFirst(mark.count) : text[...]
        let lines = body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            do { try add(line: line) } catch { throw IgnoreFault(.line(index + 1, of: path), .pattern(error)) }
        }
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

    private mutating func add(line: ArraySlice<UInt8>) throws(PatternFault) {
        let line = line.last == Self.carriageReturn ? line.dropLast() : line
        guard line.first != UInt8(ascii: "#") else { return }
        guard !line.contains(Self.carriageReturn) else { throw .carriageReturn }
        try add(Self.trimmed(line))
    }

    private mutating func add(_ text: ArraySlice<UInt8>) throws(PatternFault) {
        var rest = text
        var pattern = Pattern()
        if rest.first == UInt8(ascii: "!") {
            pattern.isNegated = true
            rest.removeFirst()
        }
        if rest.last == Self.slash {
            pattern.isForFolders = true
            rest.removeLast()
        }
        if !rest.contains(Self.slash) { pattern.parts.append(.anyFolders) }
        for part in rest.split(separator: Self.slash) {
            guard part.elementsEqual("**".utf8) else {
                pattern.parts.append(.name(try Glob(part)))
                continue
            }
            // Several in a row say no more than one, and would be walked for every path.
            if pattern.parts.last != .anyFolders { pattern.parts.append(.anyFolders) }
        }
        if !rest.allSatisfy({ $0 == Self.slash }) { patterns.append(pattern) }
    }

    /// Without blanks at the end, but for one that a backslash takes as it is.
    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var end = line.startIndex
        var place = line.startIndex
        while place < line.endIndex {
            let first = line[place]
            place = min(place + (first == UInt8(ascii: "\\") ? 2 : 1), line.endIndex)
            if first != UInt8(ascii: " ") { end = place }
        }
        return line[..<end]
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
    private static let carriageReturn = UInt8(ascii: "\r")
}
