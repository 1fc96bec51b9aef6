import Glibc
import MeshTransfer
import Testing

@testable import MeshDisk

/// A `.pmeshignore` is obeyed, or nothing is sent.
@Suite struct IgnoreFileTests {
    private let scratch = Scratch()
    private let rules = "secret*\n".bytes

    private func found() throws -> [String] { try walk(SourceWalk(roots: [scratch("t").bytes])).map(bytes) }

    private func fault(_ body: () throws -> Void) -> IgnoreFault? {
        do { try body() } catch {
            if case SourceError.ignore(let fault) = error { return fault }
        }
        return nil
    }

    private func expect(_ cause: IgnoreFault.Cause) throws {
        scratch.file("t/a/secret")
        let wanted = IgnoreFault(.file("t/a/.pmeshignore".bytes), cause)
        #expect(fault { _ = try found() } == wanted)
        let folders = try SourceWalk(roots: [scratch("t").bytes], foldersAlone: true)
        #expect(fault { _ = try walk(folders) } == wanted)
    }

    @Test func `a link is followed, within the tree or out of it`() throws {
        scratch.file("t/.gitignore", rules)
        scratch.link("t/.pmeshignore", to: ".gitignore")
        scratch.file("t/secret.txt")
        scratch.file("rules", rules)
        scratch.link("t/sub/.pmeshignore", to: "../../rules")
        scratch.file("t/sub/secret")
        #expect(try found() == ["t", "t/.gitignore", "t/.pmeshignore", "t/sub", "t/sub/.pmeshignore"])
    }

    @Test func `a byte order mark and lines of another system change nothing`() throws {
        scratch.file("t/.pmeshignore", [0xef, 0xbb, 0xbf] + "secret*\r\nother\r\n".bytes)
        scratch.file("t/secret")
        scratch.file("t/other")
        #expect(try found() == ["t", "t/.pmeshignore"])
    }

    @Test func `a link that leads nowhere, or in a circle`() throws {
        scratch.link("t/a/.pmeshignore", to: "none")
        try expect(.dangling)
        unlink(scratch("t/a/.pmeshignore"))
        scratch.link("t/a/.pmeshignore", to: ".pmeshignore")
        try expect(.dangling)
    }

    @Test func `a folder, a fifo or a device`() throws {
        scratch.folder("t/a/.pmeshignore")
        try expect(.notAFile)
        rmdir(scratch("t/a/.pmeshignore"))
        mkfifo(scratch("t/a/.pmeshignore"), 0o600)
        try expect(.notAFile)
        unlink(scratch("t/a/.pmeshignore"))
        scratch.link("t/a/.pmeshignore", to: "/dev/zero")
        try expect(.notAFile)
    }

    @Test func `a file that is too large, though not by a byte`() throws {
        scratch.file("t/a/.pmeshignore", rules + [UInt8](repeating: 10, count: IgnoreFile.limit - rules.count))
        scratch.file("t/a/secret")
        #expect(try found() == ["t", "t/a", "t/a/.pmeshignore"])
        scratch.file("t/a/.pmeshignore", [UInt8](repeating: 10, count: IgnoreFile.limit + 1))
        try expect(.tooLarge(limit: IgnoreFile.limit))
    }

    @Test func `a file whose bytes cannot be read`() throws {
        // Address 0 of this process: an I/O error for every user.
        scratch.link("t/a/.pmeshignore", to: "/proc/self/mem")
        scratch.file("t/a/secret")
        guard case .unreadable? = fault({ _ = try found() })?.cause else {
            Issue.record("it was read")
            return
        }
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func `a file without permission`() throws {
        scratch.file("t/a/.pmeshignore", rules, mode: 0o200)
        try expect(.unreadable(.denied(path: "t/a/.pmeshignore", errno: EACCES)))
    }

    @Test func `rules in a folder that is left out are not asked for`() throws {
        scratch.link("t/skip/.pmeshignore", to: "none")
        scratch.file("t/.pmeshignore", "skip/\n".bytes)
        #expect(try found() == ["t", "t/.pmeshignore"])
        let exclude = try IgnorePatterns(["skip".bytes])
        #expect(try walk(SourceWalk(roots: [scratch("t").bytes], exclude: exclude)).count == 2)
    }

    @Test func `one look at the folders reads all rules`() throws {
        for number in 0..<20 { scratch.file("t/d/\(number)") }
        scratch.link("t/e", to: "d")
        let folders = try SourceWalk(roots: [scratch("t").bytes], foldersAlone: true)
        #expect(try walk(folders).map(bytes) == ["t", "t/d"])
    }

    @Test func `every fault is one sentence that says what to do`() {
        let faults: [IgnoreFault] = [
            IgnoreFault(.argument([0xff]), .pattern(.lastBackslash)), IgnoreFault(.file("a".bytes), .dangling),
            IgnoreFault(.line(3, of: "a".bytes), .pattern(.openSet)),
        ]
        #expect(
            faults.map(\.description) == [
                #"the pattern \xff cannot be obeyed: nothing follows a backslash: write \\ for the character; nothing was sent"#,
                "a says what to leave out and cannot be obeyed: it is a link that leads nowhere, or was just removed: mend or remove it; nothing was sent",
                #"line 3 of a cannot be obeyed: a [ has no ] in the same name: close it, or write \[ for the character; nothing was sent"#,
            ])
    }
}
