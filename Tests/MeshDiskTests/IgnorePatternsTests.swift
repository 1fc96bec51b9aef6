import Testing

@testable import MeshDisk

@Suite struct IgnorePatternsTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let pattern: String
        let path: String
        let isFolder: Bool
        let excluded: Bool?
        var testDescription: String { "\(pattern) on \(path)" }

        init(_ pattern: String, _ path: String, _ excluded: Bool?, isFolder: Bool = false) {
            (self.pattern, self.path, self.excluded, self.isFolder) = (pattern, path, excluded, isFolder)
        }
    }

    @Test(arguments: [
        Case("*.o", "a.o", true), Case("*.o", "x/y/a.o", true), Case("*.o", "a.oo", nil), Case("*.o", ".o", true),
        Case("/a", "a", true), Case("/a", "b/a", nil), Case("a/b", "a/b", true), Case("a/b", "c/a/b", nil),
        Case("build/", "build", nil), Case("build/", "x/build", true, isFolder: true),
        Case("**/a/b", "a/b", true), Case("**/a/b", "x/y/a/b", true), Case("**/a/b", "x/a/c/b", nil),
        Case("a/**", "a/x/y", true), Case("a/**", "a", nil, isFolder: true),
        Case("a/**/b", "a/b", true), Case("a/**/b", "a/x/y/b", true), Case("a/**/b", "x/a/b", nil),
        Case("a*b/c", "axxb/c", true), Case("a*b", "a/b", nil), Case("a?c", "abc", true), Case("a?c", "ac", nil),
        Case("[a-c]x", "bx", true), Case("[!a-c]x", "bx", nil), Case("[^a-c]x", "dx", true), Case("[]a]", "]", true),
        Case("[a-]", "-", true), Case("\\[ab", "[ab", true), Case("[[:digit:]x]", "7", true),
        Case("[![:alpha:]]", "a", nil), Case("[[a]", "[", true), Case("[a\\]]", "]", true), Case("[a-\\c]", "b", true),
        Case("#*#", "#a#", true), Case("\u{ef}*", "\u{ef}a", true), Case("!", "!", nil),
        Case("**/**/a", "x/a", true),
        Case("a/**/**", "a", nil, isFolder: true), Case("\\*", "*", true), Case("\\*", "a", nil),
        Case("\\# yes", "# yes", true), Case("!a", "a", false), Case("\\!a", "!a", true),
        Case("a   ", "a", nil), Case("a\\ ", "a ", true), Case("", "a", nil), Case("/", "a", nil, isFolder: true),
        Case("**", "a/b", true), Case("a**b", "axb", true),
        Case("*a*a*a*a*a*a*b", String(repeating: "a", count: 250), nil),
    ])
    func `a pattern on a path`(_ test: Case) throws {
        let path = test.path.split(separator: "/").map { Array($0.utf8) }
        #expect(try IgnorePatterns([test.pattern.bytes]).excludes(path[...], isFolder: test.isFolder) == test.excluded)
    }

    /// Each `[` once looked for its `]` to the end of the line: hours for the largest file.
    @Test(.timeLimit(.minutes(5)), arguments: ["[", "[\\]", "*a", "**/", "[!", "x/", "[a]", "[[:alpha:]]"])
    func `a line of 128 KiB is read and tried in no time`(piece: String) {
        let line = Array(repeatElement(piece.utf8, count: 128 * 1024 / piece.utf8.count).joined())
        let path = [[UInt8]](repeating: [UInt8](repeating: UInt8(ascii: "a"), count: 255), count: 16)
        let patterns = try? IgnorePatterns(text: line + "\n".utf8, of: "f".bytes)
        #expect(patterns?.excludes(path[...], isFolder: true) != false)
    }

    @Test func `the last pattern that matches decides`() throws {
        let text = "\u{feff}*.log\r\n!keep.log  \n\n# comment\nb\\ \r\n\nc\\\\ \nlast".bytes
        let patterns = try IgnorePatterns(text: text, of: "f".bytes)
        #expect(patterns.excludes(["a.log".bytes], isFolder: false) == true)
        #expect(patterns.excludes(["keep.log".bytes], isFolder: false) == false)
        #expect(patterns.excludes(["a.txt".bytes], isFolder: false) == nil)
        #expect(patterns.excludes(["b ".bytes], isFolder: false) == true)
        #expect(patterns.excludes(["c\\".bytes], isFolder: false) == true)
        #expect(patterns.excludes(["last".bytes], isFolder: false) == true)
        #expect(patterns.excludes(["# comment".bytes], isFolder: false) == nil)
    }

    @Test(arguments: [
        ("[ab", PatternFault.openSet), ("a/[b/c]", .openSet), ("[", .openSet), ("[]", .openSet), ("[z-a]", .emptyRange),
        ("[[:foo:]]", .unknownClass), ("[[=a=]]", .unknownClass), ("[[:alpha:", .openSet), ("a\\", .lastBackslash),
        ("a\\/b", .lastBackslash), ("[a\\", .lastBackslash),
    ])
    func `what gitignore does not know is an error with its place`(_ pattern: String, _ fault: PatternFault) {
        #expect(throws: IgnoreFault(.argument(pattern.bytes), .pattern(fault))) {
            try IgnorePatterns(["fine".bytes, pattern.bytes])
        }
        #expect(throws: IgnoreFault(.line(3, of: "t/.pmeshignore".bytes), .pattern(fault))) {
            try IgnorePatterns(text: "# x\r\n\r\n\(pattern)\r\n".bytes, of: "t/.pmeshignore".bytes)
        }
    }

    @Test func `a set without an end, carriage returns and text that is none are errors`() {
        let long = "[" + String(repeating: "a", count: 600) + "]"
        #expect(throws: IgnoreFault(.line(1, of: []), .pattern(.longSet))) {
            try IgnorePatterns(text: long.bytes, of: [])
        }
        #expect(throws: IgnoreFault(.line(1, of: []), .pattern(.carriageReturn))) {
            try IgnorePatterns(text: "a\rb\r".bytes, of: [])
        }
        let wide: [UInt8] = [0xff, 0xfe] + "*.log".utf8.flatMap { [$0, 0] }
        #expect(throws: IgnoreFault(.file("f".bytes), .notText)) { try IgnorePatterns(text: wide, of: "f".bytes) }
    }

    @Test func `names that are no text are matched by their bytes`() throws {
        let name: [UInt8] = [0x63, 0xe9]
        #expect(try IgnorePatterns([name]).excludes([name], isFolder: false) == true)
        #expect(try IgnorePatterns(text: name, of: []).excludes([name], isFolder: false) == true)
    }
}
