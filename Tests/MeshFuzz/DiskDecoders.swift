import MeshDisk
import MeshWire

// What the disk says, and what is said about it: patterns of files to leave out, link targets, names.
extension FuzzedDecoder {
    static let disk = [ignorePatterns, linkTarget, numberedName]

    /// A path up to the first NUL, then the contents of a `.pmeshignore`.
    private static let ignorePatterns = FuzzedDecoder("ignore-patterns") {
        let text = "*.o\n!keep.o\n/build/\ndoc/**/x[a-c!]?\n# words\n\\#odd\\ \n**/deep/[!0-9]*\n"
        return ["src/main.o", "build/x", "doc/a/b/xa1", "a/deep/q"].map { Array("\($0)\0\(text)".utf8) }
    } body: { bytes in
        let end = try bytes.firstIndex(of: 0).orRefused()
        let path = bytes[..<end].split(separator: 0x2f).map(Array.init)
        let patterns = try Self.patterns(bytes[(end + 1)...])
        guard !path.isEmpty else { throw Refused() }
        let file = patterns.excludes(path[...], isFolder: false)
        let folder = patterns.excludes(path[...], isFolder: true)
        try keep(!patterns.isEmpty || (file == nil && folder == nil), "without patterns nothing is decided")
        var rules = bytes[(end + 1)...] + [0x0a]
        // One more line decides alone, whatever stands before it.
        rules += Array("*\n".utf8)
        try keep(
            try Self.patterns(rules).excludes(path[...], isFolder: false) == true, "the last line decides")
    }

    private static func patterns(_ text: ArraySlice<UInt8>) throws -> IgnorePatterns {
        do { return try IgnorePatterns(text: Array(text), of: []) } catch { throw Refused() }
    }

    /// The folder up to the first NUL, then the target.
    private static let linkTarget = FuzzedDecoder("link-target") {
        ["a/b\0../x", "a/b\0../../x/y", "\0./x"].map { Array($0.utf8) }
    } body: { bytes in
        let end = try bytes.firstIndex(of: 0).orRefused()
        let folder = bytes[..<end].split(separator: 0x2f).map(Array.init)
        let target = Array(bytes[(end + 1)...])
        if LinkTarget.leadsOutside(target, from: folder[...]) { throw Refused() }
        try keep(target.first != 0x2f, "a link inside is relative")
        var depth = folder.count
        for part in target.split(separator: 0x2f) where part != [0x2e] {
            depth += part == [0x2e, 0x2e] ? -1 : 1
            try keep(depth >= 0, "a link inside never climbs above the root")
        }
    }

    /// The number (2 bytes), then the name.
    private static let numberedName = FuzzedDecoder("numbered-name") {
        ["report.txt", ".hidden", "x.tar.gz", "ä.\u{1F600}"].map { [0, 7] + Array($0.utf8) }
    } body: { bytes in
        guard bytes.count > 2, let path = try? EntryPath(Array(bytes[2...])), path.components.count == 1 else {
            throw Refused()
        }
        let number = Int(bytes[0]) << 8 | Int(bytes[1])
        let name = NumberedName(path.name)[number]
        let isOne = (try? EntryPath(name).components.count) == 1
        try keep(isOne, "a numbered name is one name")
        try keep(number != 0 || name == path.name, "the name without a number is its own")
    }
}
