import Glibc
import MeshTransfer
import Testing

@testable import MeshDisk

@Suite struct TreeComparisonTests {
    private let scratch = Scratch()

    private func twoTrees() -> (String, String) {
        for root in ["one", "two"] {
            scratch.file("\(root)/a/file", noise(300_000))
            scratch.file("\(root)/b")
            scratch.link("\(root)/link", to: "a/file")
            scratch.folder("\(root)/empty")
            for name in ["a/file", "b", "link", "a", "empty", ""] { scratch("\(root)/\(name)").setModified(1, 2) }
        }
        return (scratch("one"), scratch("two"))
    }

    private func differences(_ change: (String) -> Void) throws -> [TreeDifference] {
        let (one, two) = twoTrees()
        change(two)
        return try TreeComparison().differences(one.bytes, two.bytes)
    }

    @Test func `equal trees`() throws {
        #expect(try differences { _ in }.isEmpty)
    }

    @Test func `each kind of difference is found`() throws {
        func only(_ kind: TreeDifference.Kind, at path: String, _ change: (String) -> Void) throws {
            let found = try differences(change)
            #expect(found.contains(TreeDifference(path.bytes, kind)), "\(found)")
            #expect(found.filter { $0.kind != .time }.count == (kind == .time ? 0 : 1), "\(found)")
        }
        try only(.missing, at: "b") { unlink($0 + "/b") }
        try only(.added, at: "a/new") { _ in scratch.file("two/a/new") }
        unlink(scratch("two/a/new"))
        try only(.kind, at: "b") { path in
            unlink(path + "/b")
            mkdir(path + "/b", 0o755)
        }
        rmdir(scratch("two/b"))
        try only(.size, at: "b") { truncate($0 + "/b", 3) }
        try only(.mode, at: "a/file") { chmod($0 + "/a/file", 0o600) }
        try only(.mode, at: "empty") { chmod($0 + "/empty", 0o700) }
        try only(.time, at: "empty") { ($0 + "/empty").setModified(1, 3) }
        try only(.time, at: "link") { ($0 + "/link").setModified(1, 3) }
        try only(.bytes(offset: 262_144), at: "a/file") { path in
            let number = open(path + "/a/file", O_WRONLY)
            pwrite(number, "\0", 1, 299_999)
            close(number)
        }
        try only(.target, at: "link") { path in
            unlink(path + "/link")
            symlink("b", path + "/link")
        }
    }

    @Test func `holes that were filled`() throws {
        for name in ["one", "two"] { scratch.file(name, [UInt8](repeating: 0, count: name == "one" ? 0 : 1 << 20)) }
        truncate(scratch("one"), 1 << 20)
        var comparison = TreeComparison()
        comparison.comparesTimes = false
        #expect(try comparison.differences(scratch("one").bytes, scratch("two").bytes).isEmpty)
        comparison.comparesHoles = true
        let found = try comparison.differences(scratch("one").bytes, scratch("two").bytes)
        #expect(found == [TreeDifference([], .holes)])
    }

    @Test func `a tree that is not there`() throws {
        #expect(throws: DiskError.notFound(path: scratch("none"))) {
            try TreeComparison().differences(scratch.path.bytes, scratch("none").bytes)
        }
    }
}
