import Glibc
import MeshTransfer
import MeshWire
import Testing

@testable import MeshDisk

@Suite struct SourceWalkTests {
    private let scratch = Scratch()

    private func tree() -> String {
        scratch.file("tree/b", [1, 2, 3], mode: 0o640)
        scratch.file("tree/a/z")
        scratch.file("tree/a.x")
        scratch.folder("tree/c", mode: 0o700)
        scratch.link("tree/d", to: "../elsewhere")
        return scratch("tree")
    }

    @Test func `folders come before their contents, names in the order of their bytes`() throws {
        let found = try walk(SourceWalk(roots: [tree().bytes]))
        #expect(found.map(bytes) == ["tree", "tree/a", "tree/a/z", "tree/a.x", "tree/b", "tree/c", "tree/d"])
        #expect(found.map(\.number) == Array(0..<7))
        #expect(found.map(\.manifest.kind) == [.folder, .folder, .file, .file, .file, .folder, .link])
        #expect(found.map(\.manifest.firstChunk) == [0, 0, 0, 1, 2, 3, 3])
        #expect(found[6].manifest.target == "../elsewhere".bytes)
        #expect(found[4].manifest.mode == 0o640)
        #expect(found[4].manifest.size == 3)
        #expect(found[4].identity.inode == scratch("tree/b").stat.map { UInt64($0.st_ino) })
    }

    @Test func `numbers continue the totals given, batch by batch`() throws {
        var before = ManifestTotals()
        let earlier = ManifestEntry(kind: .file, path: "before".bytes, size: 300_000)
        let isCounted = before.add(earlier)
        #expect(isCounted)
        let source = try SourceWalk(roots: [tree().bytes], continuing: before)
        #expect(try source.next(limit: 3).map(\.number) == [1, 2, 3])
        let rest = try source.next(limit: 100)
        #expect(rest.map(\.manifest.firstChunk) == [3, 4, 5, 5])
        #expect(source.totals.entries == 8)
        #expect(source.totals.files == 4)
        #expect(try source.next(limit: 3).isEmpty)
    }

    @Test(arguments: 0..<7)
    func `it goes on behind any path`(_ last: Int) throws {
        let root = tree().bytes
        let all = try walk(SourceWalk(roots: [root])).map(\.manifest.path)
        let rest = try walk(SourceWalk(roots: [root], after: all[last])).map(\.manifest.path)
        #expect(rest == Array(all[(last + 1)...]))
    }

    @Test(arguments: [("tree/a/y", "tree/a/z"), ("tree/a/zz", "tree/a.x"), ("tree/bb/x", "tree/c"), ("sree", "tree")])
    func `it goes on behind a path that is gone`(_ last: String, _ next: String) throws {
        let rest = try walk(SourceWalk(roots: [tree().bytes], after: last.bytes))
        #expect(rest.first.map(bytes) == next)
    }

    @Test func `roots are sorted by name, and may be files or links`() throws {
        scratch.file("x/file")
        scratch.link("y/again", to: "../x")
        let found = try walk(SourceWalk(roots: [scratch("x/file"), scratch("y/again"), scratch("x/")].map(\.bytes)))
        #expect(found.map(bytes) == ["again", "again/file", "file", "x", "x/file"])
        #expect(try walk(SourceWalk(roots: [scratch("x/.").bytes])).map(bytes) == ["x", "x/file"])
    }

    @Test func `going on between roots`() throws {
        scratch.file("x/1")
        scratch.file("y/2")
        let roots = [scratch("x"), scratch("y")].map(\.bytes)
        #expect(try walk(SourceWalk(roots: roots, after: "x/1".bytes)).map(bytes) == ["y", "y/2"])
        #expect(try walk(SourceWalk(roots: roots, after: "y".bytes)).map(bytes) == ["y/2"])
    }

    @Test func `two roots of one name are refused`() throws {
        scratch.file("x/same")
        scratch.file("y/same")
        #expect(throws: SourceError.sameName(scratch("x/same"), scratch("y/same"))) {
            try SourceWalk(roots: [scratch("x/same"), scratch("y/same")].map(\.bytes))
        }
        #expect(throws: SourceError.unnamed(path: "/")) { try SourceWalk(roots: ["/".bytes]) }
        #expect(throws: SourceError.disk(.notFound(path: scratch("none")))) {
            try SourceWalk(roots: [scratch("none").bytes])
        }
    }

    @Test func `patterns leave out, the nearest file's word counting more`() throws {
        scratch.file("t/.pmeshignore", Array("*.log\n/top\nskip/\n".utf8))
        scratch.file("t/a.log")
        scratch.file("t/top")
        scratch.file("t/sub/.pmeshignore", Array("!keep.log\n".utf8))
        scratch.file("t/sub/a.log")
        scratch.file("t/sub/keep.log")
        scratch.file("t/sub/top")
        scratch.file("t/sub/x.tmp")
        scratch.file("t/skip/anything")
        let exclude = try IgnorePatterns(["*.tmp".bytes])
        let found = try walk(SourceWalk(roots: [scratch("t").bytes], exclude: exclude)).map(bytes)
        #expect(found == ["t", "t/.pmeshignore", "t/sub", "t/sub/.pmeshignore", "t/sub/keep.log", "t/sub/top"])
    }

    @Test func `special files and parts are named, those that only look like parts are sent`() throws {
        scratch.file("t/.pmesh-0123456789abcdef-1.part/inner")
        scratch.file("t/.pmesh-abc-1.part")
        scratch.file("t/normal", mode: 0o4755)
        mkfifo(scratch("t/fifo"), 0o600)
        let source = try SourceWalk(roots: [scratch("t").bytes])
        let found = try walk(source)
        #expect(found.map(bytes) == ["t", "t/.pmesh-abc-1.part", "t/normal"])
        #expect(found[2].manifest.mode == 0o755)
        #expect(
            source.takeSkipped() == [
                SkippedSource(path: "t/.pmesh-0123456789abcdef-1.part".bytes, reason: .reserved),
                SkippedSource(path: "t/fifo".bytes, reason: .special),
            ])
        #expect(source.takeSkipped().isEmpty)
        #expect(source.counts.omitted == 0)
    }

    @Test func `files of the node are left out under every name`() throws {
        scratch.file("t/home/node.key")
        scratch.file("t/home/other")
        link(scratch("t/home/node.key"), scratch("t/copy"))
        symlink(scratch("t/home"), scratch("through"))
        let own = FileKey.all(at: [scratch("t/home/node.key"), scratch("t/none"), "relative"].map(\.bytes))
        #expect(own.count == 1)
        let source = try SourceWalk(roots: [scratch("t"), scratch("through")].map(\.bytes), own: own)
        #expect(try walk(source).map(bytes) == ["t", "t/home", "t/home/other", "through", "through/other"])
        #expect(source.counts.own == 3 && source.counts.omitted == 0)
        #expect(source.takeSkipped().allSatisfy { $0.reason == .own })
    }

    @Test func `further names of a file are counted`() throws {
        scratch.file("t/a")
        for name in ["t/b", "t/c"] { link(scratch("t/a"), scratch(name)) }
        scratch.file("elsewhere")
        link(scratch("elsewhere"), scratch("t/d"))
        let source = try SourceWalk(roots: [scratch("t").bytes])
        #expect(try walk(source).count == 5)
        #expect(source.counts.furtherNames == 2)
    }

    @Test(arguments: ["/proc/cpuinfo", "/proc/sys/kernel/random", "/sys/kernel/mm"].filter(\.exists))
    func `files of the kernel have no length yet`(_ path: String) throws {
        let files = try walk(SourceWalk(roots: [path.bytes])).filter { $0.manifest.kind == .file }
        #expect(!files.isEmpty && files.allSatisfy { $0.manifest.isOpen && $0.manifest.size == 0 })
    }

    @Test func `empty files and holes of a disk are sent`() throws {
        scratch.file("t/empty", [])
        scratch.file("t/hole", [])
        truncate(scratch("t/hole"), 4_096)
        #expect(try walk(SourceWalk(roots: [scratch("t").bytes])).count == 3)
    }

    @Test func `a path that is given twice is one`() throws {
        scratch.file("x/a")
        let paths = [scratch("x"), scratch("x"), scratch("x/../x/")].map(\.bytes)
        #expect(try walk(SourceWalk(roots: paths)).map(bytes) == ["x", "x/a"])
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func `what cannot be read is an entry without content, the rest is sent`() throws {
        scratch.file("t/closed/inner")
        scratch.file("t/file", mode: 0o200)
        scratch.file("t/good")
        chmod(scratch("t/closed"), 0o300)
        let source = try SourceWalk(roots: [scratch("t").bytes])
        let found = try walk(source)
        #expect(found.map(bytes) == ["t", "t/closed", "t/file", "t/good"])
        #expect(found.map(\.manifest.omissionReason) == [nil, .sourceDenied, .sourceDenied, nil])
        #expect(source.counts.omitted == 2 && source.takeSkipped().isEmpty)
    }

    @Test func `what lies too deep is named by its path`() throws {
        var here = open(scratch.folder("t"), O_RDONLY | O_DIRECTORY)
        for _ in 0..<300 {
            mkdirat(here, "d", 0o755)
            let inner = openat(here, "d", O_RDONLY | O_DIRECTORY)
            close(here)
            here = inner
        }
        close(here)
        let source = try SourceWalk(roots: [scratch("t").bytes])
        let found = try walk(source)
        #expect(found.count == Limits.pathDepth + 1)
        #expect(found.last?.manifest.omissionReason == .tooDeep && found.last?.manifest.hasSoundPath == true)
    }

    @Test func `names are bytes`() throws {
        scratch.folder("t")
        let name: [UInt8] = [0xff, 0x0a, 0x20, 0xc3]
        let path = scratch("t/").bytes + name + [0]
        close(path.withUnsafeBytes { open($0.bindMemory(to: CChar.self).baseAddress!, O_CREAT | O_WRONLY, 0o600) })
        let found = try walk(SourceWalk(roots: [scratch("t").bytes]))
        #expect(found.last?.manifest.path == "t/".bytes + name)
    }

    @Test func `a folder of many names keeps its order`() throws {
        for number in 0..<1_200 { scratch.file("t/\(number)", []) }
        let found = try walk(SourceWalk(roots: [scratch("t").bytes]), batch: 7)
        #expect(found.count == 1_201)
        #expect(found.dropFirst().map(bytes) == (0..<1_200).map { "t/\($0)" }.sorted())
        let rest = try walk(SourceWalk(roots: [scratch("t").bytes], after: "t/700".bytes)).map(bytes)
        #expect(rest == (0..<1_200).map { "t/\($0)" }.sorted().filter { $0 > "t/700" })
    }
}
