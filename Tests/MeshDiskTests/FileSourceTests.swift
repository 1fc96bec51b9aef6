import Glibc
import MeshTransfer
import MeshWire
import Testing

@testable import MeshDisk

@Suite struct FileSourceTests {
    private let scratch = Scratch()

    /// The entry of `t/<name>` and a source for it.
    private func entry(_ name: String) throws -> (SourceEntry, FileSource) {
        let roots = [scratch("t").bytes]
        let found = try walk(SourceWalk(roots: roots)).first { $0.manifest.path == "t/\(name)".bytes }
        return (try #require(found), try FileSource(roots: roots))
    }

    @Test func `pieces come out where they lie`() throws {
        let data = noise(100_000)
        scratch.file("t/a/file", data)
        let (file, source) = try entry("a/file")
        #expect(try source.bytes(file, 0, 100_000) == data)
        #expect(try source.bytes(file, 99_000, 1_000) == Array(data[99_000...]))
        #expect(try source.bytes(file, 1, 3) == Array(data[1..<4]))
        #expect(try source.isUnchanged(file))
        source.release(file)
        #expect(try source.bytes(file, 5, 5) == Array(data[5..<10]))
    }

    @Test func `a piece within a hole is not read`() throws {
        scratch.file("t/file", [])
        let number = open(scratch("t/file"), O_WRONLY)
        ftruncate(number, 4 << 20)
        pwrite(number, "x", 1, 1 << 20)
        close(number)
        let (file, source) = try entry("file")
        #expect(try source.bytes(file, 0, 1 << 20) == nil)
        #expect(try source.bytes(file, 1 << 20, 1 << 20)?.first == UInt8(ascii: "x"))
        #expect(try source.bytes(file, 2 << 20, 2 << 20) == nil)
    }

    @Test func `a file written to after the walk is not read`() throws {
        scratch.file("t/file")
        let (file, source) = try entry("file")
        scratch.file("t/file", Array("more text".utf8))
        #expect(throws: DiskError.changed(path: scratch("t/file"))) { try source.bytes(file, 0, 4) }
        #expect(try !source.isUnchanged(file))
    }

    @Test func `a file cut short while it is read`() throws {
        scratch.file("t/file")
        let (file, source) = try entry("file")
        #expect(try source.bytes(file, 0, 2) == "te".bytes)
        truncate(scratch("t/file"), 3)
        #expect(throws: DiskError.changed(path: scratch("t/file"))) { try source.bytes(file, 0, 4) }
        #expect(try !source.isUnchanged(file))
        let fresh = try #require(try source.restat(file))
        #expect(fresh.manifest.size == 3)
        #expect(try source.bytes(fresh, 0, 3) == "tex".bytes)
        #expect(try source.isUnchanged(fresh))
    }

    @Test func `a file replaced while it is open has changed`() throws {
        scratch.file("t/file")
        let (file, source) = try entry("file")
        #expect(try source.bytes(file, 0, 4) == "text".bytes)
        scratch.file("t/other")
        rename(scratch("t/other"), scratch("t/file"))
        #expect(try !source.isUnchanged(file))
    }

    @Test func `a change of mode alone counts: change time tells`() throws {
        scratch.file("t/file")
        let (file, source) = try entry("file")
        chmod(scratch("t/file"), 0o600)
        #expect(try !source.isUnchanged(file))
        #expect(try source.restat(file)?.manifest.mode == 0o600)
    }

    @Test func `a file that is gone`() throws {
        scratch.file("t/file")
        let (file, source) = try entry("file")
        unlink(scratch("t/file"))
        #expect(throws: DiskError.notFound(path: scratch("t/file"))) { try source.bytes(file, 0, 4) }
        #expect(try !source.isUnchanged(file))
        #expect(try source.restat(file) == nil)
    }

    @Test func `a root that is gone`() throws {
        scratch.file("t/file")
        let (file, _) = try entry("file")
        rename(scratch("t"), scratch("gone"))
        let source = try FileSource(roots: [scratch("t").bytes])
        #expect(throws: DiskError.notFound(path: "t/file")) { try source.bytes(file, 0, 4) }
        #expect(try !source.isUnchanged(file))
        #expect(try source.restat(file) == nil)
    }

    @Test(arguments: ["a/file", "a"])
    func `links put in a path's place are not followed`(_ swapped: String) throws {
        scratch.file("t/a/file")
        let (file, source) = try entry("a/file")
        rename(scratch("t/\(swapped)"), scratch("moved"))
        symlink("../moved", scratch("t/\(swapped)"))
        #expect(throws: DiskError.changed(path: scratch("t/a/file"))) { try source.bytes(file, 0, 4) }
        #expect(try source.restat(file) == nil)
    }

    @Test func `a fifo put in a file's place does not stop the thread`() throws {
        scratch.file("t/file")
        let (file, source) = try entry("file")
        unlink(scratch("t/file"))
        mkfifo(scratch("t/file"), 0o600)
        #expect(throws: DiskError.changed(path: scratch("t/file"))) { try source.bytes(file, 0, 4) }
        #expect(try source.restat(file) == nil)
    }

    @Test func `a root given as a link leads to the target's files`() throws {
        scratch.file("real/file")
        scratch.link("again", to: "real")
        let roots = [scratch("again").bytes]
        let found = try walk(SourceWalk(roots: roots))
        let file = try #require(found.last)
        #expect(bytes(file) == "again/file")
        #expect(try FileSource(roots: roots).bytes(file, 0, 4) == "text".bytes)
    }

    @Test func `more files than descriptors`() throws {
        for number in 0..<40 { scratch.file("t/\(number)", noise(50, seed: UInt64(number))) }
        let roots = [scratch("t").bytes]
        let files = try walk(SourceWalk(roots: roots)).filter { $0.manifest.kind == .file }
        let source = try FileSource(roots: roots, openFiles: 3)
        for offset: UInt64 in [0, 25] {
            for file in files {
                let number = UInt64(bytes(file).dropFirst(2)) ?? 99
                #expect(try source.bytes(file, offset, 25) == Array(noise(50, seed: number)[Int(offset)...].prefix(25)))
            }
        }
    }
}
