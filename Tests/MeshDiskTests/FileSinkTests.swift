import Glibc
import MeshTransfer
import MeshWire
import NIOCore
import Testing

@testable import MeshDisk

@Suite struct FileSinkTests {
    private let scratch = Scratch()

    @Test func `the destination is made where it is missing`() throws {
        _ = try sink(scratch("x/y/z"))
        #expect(scratch("x/y/z").exists)
        scratch.file("file")
        #expect(throws: DiskError.inTheWay(path: scratch("file"))) { try sink(scratch("file")) }
        #expect(throws: DiskError.inTheWay(path: scratch("file/below"))) { try sink(scratch("file/below")) }
        #expect(try sink(scratch("x")).freeSpace() > 0)
        #expect(try sink(scratch("x")).mount() == MountIdentity(path: scratch("x").bytes))
    }

    @Test func `chunks come in any order, in pieces`() throws {
        let data = noise(900_000)
        let sink = try sink(scratch.path)
        let entry = received("a/b/file", size: data.count)
        let first = try sink.write(
            entry, offset: 500_000, length: 400_000,
            slices: stride(from: 500_000, to: 900_000, by: 100).map { ByteBuffer(bytes: data[$0..<$0 + 100]) })
        let second = try sink.write(entry, offset: 0, length: 500_000, slices: [ByteBuffer(bytes: data[..<500_000])])
        #expect(first == second)
        #expect(!scratch("a/b/file").exists)
        #expect(sink.partPath(entry, in: scratch("a/b")).mode == 0o600)
        var known = entry
        known.part = first
        let ended = try sink.finish(known, rule: .rename)
        #expect(ended == EndedEntry(number: 0, state: .finished))
        #expect(scratch("a/b/file").contents == data)
        #expect(scratch("a/b/file").mode == 0o644)
        #expect(scratch("a/b/file").stat?.st_mtim.tv_nsec == 2)
        #expect(scratch("a/b").names == ["file"])
    }

    @Test func `a part is found again after a restart`() throws {
        let entry = received("file", size: 8)
        var known = entry
        known.part = try sink(scratch.path).write(entry, offset: 0, length: 4, slices: [ByteBuffer(string: "half")])
        let sink = try sink(scratch.path)
        let found = try #require(try sink.inspectPart(known))
        #expect(found.identity == known.part)
        #expect(found.size == 4)
        #expect(try sink.write(known, offset: 4, length: 4, slices: [ByteBuffer(string: "done")]) == known.part)
        var region = [UInt8](repeating: 0, count: 8)
        try region.withUnsafeMutableBytes { try sink.readBack(known, offset: 0, into: $0) }
        #expect(region == "halfdone".bytes)
        try sink.syncAll()
        try sink.discard(known)
        #expect(try sink.inspectPart(known) == nil)
        try sink.discard(known)
        #expect(scratch.path.names.isEmpty)
    }

    @Test func `a part whose chunk was not committed before a crash is taken over`() throws {
        let entry = received("file", size: 4)
        let before = try sink(scratch.path).put(entry, "tex!".bytes)
        let after = try sink(scratch.path).put(entry)
        #expect(before.part == after.part)
    }

    @Test func `a large part has its length at once`() throws {
        let sink = try sink(scratch.path)
        let entry = received("file", size: 3 << 20)
        _ = try sink.write(entry, offset: 1 << 20, length: 4, slices: [ByteBuffer(string: "text")])
        let info = sink.partPath(entry, in: scratch.path).stat
        #expect(info?.st_size == 3 << 20)
        #expect(info.map { $0.st_blocks < 100 } == true)
    }

    @Test func `writes outside of a file are refused`() throws {
        let sink = try sink(scratch.path)
        let slices = [ByteBuffer(string: "text")]
        for (offset, length) in [(2, 4), (5, 0), (UInt64.max, 4), (0, 3)] as [(UInt64, Int)] {
            #expect(throws: DiskError.failed(path: scratch("file"), operation: "write", errno: EINVAL)) {
                try sink.write(received("file"), offset: offset, length: length, slices: length == 0 ? [] : slices)
            }
        }
        #expect(scratch.path.names.isEmpty)
    }

    @Test func `holes stay holes, and chunks of zeros become some`() throws {
        let sink = try sink(scratch.path)
        let data = noise(256 * 1024)
        let entry = received("file", size: 512 * 1024)
        // Data first, as from an earlier attempt; then the same range turns out to be zeros.
        _ = try sink.write(entry, offset: 0, length: data.count, slices: [ByteBuffer(bytes: data)])
        _ = try sink.write(entry, offset: 0, length: data.count, slices: [])
        _ = try sink.write(entry, offset: 256 * 1024, length: 256 * 1024, slices: [])
        let finished = try sink.finish(entry, rule: .rename)
        #expect(finished.state == .finished)
        #expect(scratch("file").contents == [UInt8](repeating: 0, count: 512 * 1024))
        #expect(scratch("file").stat.map { $0.st_blocks < 100 } == true)
    }

    @Test func `small holes within a chunk survive in a sparse file`() throws {
        let sink = try sink(scratch.path)
        var data = [UInt8](repeating: 0, count: 1 << 20)
        data.replaceSubrange(8_192..<12_288, with: noise(4_096))
        data[700_001] = 1
        let entry = received("file", size: data.count, allocated: 8_192)
        let slices = [ByteBuffer(bytes: data[..<9_000]), ByteBuffer(bytes: data[9_000...])]
        _ = try sink.write(entry, offset: 0, length: data.count, slices: [ByteBuffer(bytes: noise(data.count))])
        _ = try sink.write(entry, offset: 0, length: data.count, slices: slices)
        _ = try sink.finish(entry, rule: .rename)
        #expect(scratch("file").contents == data)
        #expect(scratch("file").stat.map { $0.st_blocks < 100 } == true)
    }

    @Test func `an empty file`() throws {
        let sink = try sink(scratch.path)
        let made = try sink.finish(received("file", size: 0), rule: .rename)
        #expect(made.state == .finished)
        #expect(scratch("file").contents == [])
        // The same, with its part made first as the session does.
        var other = received("other", number: 1, size: 0)
        other.part = try sink.write(other, offset: 0, length: 0, slices: [])
        other.state = .finishing
        #expect(try sink.finish(other, rule: .rename).state == .finished)
        #expect(scratch.path.names == ["file", "other"])
    }

    @Test func `folders: made open, closed at the end, opened up again`() throws {
        let sink = try sink(scratch.path)
        try sink.makeFolder(folderEntry("a/b", mode: 0o500))
        #expect(scratch("a/b").mode == 0o700)
        try sink.finishFolder(madeFolder("a/b", mode: 0o500))
        #expect(scratch("a/b").mode == 0o500)
        #expect(scratch("a/b").stat?.st_mtim.tv_sec == 7)
        #expect(scratch("a/b").stat?.st_mtim.tv_nsec == 8)
        try sink.finishFolder(madeFolder("a", mode: 0o000))
        // After a crash just here, everything is done once more.
        let again = try MeshDiskTests.sink(scratch.path)
        _ = try again.finish(again.put(received("a/b/file")), rule: .rename)
        #expect(scratch("a/b/file").contents == "text".bytes)
        try again.makeFolder(folderEntry("a/b/c"))
        try again.finishFolder(madeFolder("a/b", mode: 0o500))
        try again.finishFolder(madeFolder("a/b", mode: 0o500))
        try again.finishFolder(madeFolder("a", mode: 0o000))
        #expect(scratch("a").mode == 0)
    }

    @Test func `a folder removed while a transfer runs is made again`() throws {
        let sink = try sink(scratch.path)
        try sink.makeFolder(folderEntry("a/b"))
        rmdir(scratch("a/b"))
        rmdir(scratch("a"))
        _ = try sink.finish(sink.put(received("a/b/file")), rule: .rename)
        #expect(scratch("a/b/file").contents == "text".bytes)
    }

    @Test func `what stands at a path is told`() throws {
        let sink = try sink(scratch.path)
        scratch.file("a/file").setModified(100, 200)
        scratch.link("a/link", to: "file")
        mkfifo(scratch("a/fifo"), 0o600)
        let file = try sink.existing(received("a/file").manifest)
        #expect(file == ExistingFile(kind: .file, size: 4, seconds: 100, nanoseconds: 200, mode: 0o644))
        #expect(try sink.existing(received("a").manifest)?.kind == .folder)
        #expect(try sink.existing(received("a/link").manifest)?.kind == .link)
        #expect(try sink.existing(received("a/fifo").manifest)?.kind == .some(nil))
        #expect(try sink.existing(received("a/none").manifest) == nil)
        #expect(try sink.existing(received("none/at/all").manifest) == nil)
        #expect(!scratch("none").exists)
    }

    @Test func `names that are no text`() throws {
        let sink = try sink(scratch.path)
        var entry = received("x")
        entry.manifest.path = [0xff, 0x2f, 0xfe, 0x0a]
        _ = try sink.finish(sink.put(entry), rule: .rename)
        #expect(try sink.existing(entry.manifest)?.size == 4)
    }

    @Test func `more files than descriptors`() throws {
        let sink = try sink(scratch.path, openParts: 3, openFolders: 2)
        var entries = (0..<60).map { received("d\($0 % 7)/s/\($0)", number: UInt64($0)) }
        for index in entries.indices {
            entries[index].part = try sink.write(
                entries[index], offset: 0, length: 2, slices: [ByteBuffer(string: "te")])
        }
        for entry in entries {
            _ = try sink.write(entry, offset: 2, length: 2, slices: [ByteBuffer(string: "xt")])
        }
        for entry in entries { #expect(try sink.finish(entry, rule: .rename).state == .finished) }
        for index in 0..<60 { #expect(scratch("d\(index % 7)/s/\(index)").contents == "text".bytes) }
    }

    @Test func `two threads share one sink`() async throws {
        let sink = try sink(scratch.path, openParts: 2, openFolders: 2)
        let size = 64 * 64
        let entries = (0..<6).map { received("d\($0)/file", number: UInt64($0), size: size) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for piece in 0..<64 {
                for entry in entries {
                    group.addTask {
                        let bytes = ByteBuffer(repeating: UInt8(piece), count: 64)
                        _ = try sink.write(entry, offset: UInt64(piece * 64), length: 64, slices: [bytes])
                    }
                }
            }
            try await group.waitForAll()
        }
        for entry in entries { _ = try sink.finish(entry, rule: .rename) }
        let wanted = (0..<64).flatMap { [UInt8](repeating: UInt8($0), count: 64) }
        for number in 0..<6 { #expect(scratch("d\(number)/file").contents == wanted) }
    }
}
