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
        Case("[a-]", "-", true), Case("[ab", "[ab", true), Case("**/**/a", "x/a", true),
        Case("a/**/**", "a", nil, isFolder: true), Case("\\*", "*", true), Case("\\*", "a", nil),
        Case("# no", "# no", nil), Case("\\# yes", "# yes", true), Case("!a", "a", false), Case("\\!a", "!a", true),
        Case("a   ", "a", true), Case("a\\ ", "a ", true), Case("", "a", nil), Case("/", "a", nil, isFolder: true),
        Case("**", "a/b", true), Case("a**b", "axb", true),
        Case("*a*a*a*a*a*a*b", String(repeating: "a", count: 250), nil),
    ])
    func `a pattern on a path`(_ test: Case) {
        let path = test.path.split(separator: "/").map { Array($0.utf8) }
        #expect(IgnorePatterns([test.pattern.bytes]).excludes(path[...], isFolder: test.isFolder) == test.excluded)
    }

    /// Each `[` once looked for its `]` to the end of the line: hours for the largest file.
    @Test(.timeLimit(.minutes(5)), arguments: ["[", "[\\]", "*a", "**/", "[!", "x/"])
    func `a line of 128 KiB is read and tried in no time`(piece: String) {
        let line = Array(repeatElement(piece.utf8, count: 128 * 1024 / piece.utf8.count).joined())
        let path = [[UInt8]](repeating: [UInt8](repeating: UInt8(ascii: "a"), count: 255), count: 16)
        #expect(IgnorePatterns(text: line + "\n".utf8).excludes(path[...], isFolder: true) != false)
    }

    @Test func `the last pattern that matches decides`() {
        let patterns = IgnorePatterns(text: "*.log\r\n!keep.log\n\n# comment\n".bytes)
        #expect(patterns.excludes(["a.log".bytes], isFolder: false) == true)
        #expect(patterns.excludes(["keep.log".bytes], isFolder: false) == false)
        #expect(patterns.excludes(["a.txt".bytes], isFolder: false) == nil)
    }
}
