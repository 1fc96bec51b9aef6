import Glibc
import MeshTransfer
import MeshWire
import NIOCore
import Testing

@testable import MeshDisk

@Suite struct FileSinkFinishTests {
    private let scratch = Scratch()

    /// The entry as the session hands it over: its part committed with `finishing`.
    private func finishing(_ sink: FileSink, _ path: String = "file", seconds: Int64 = 1) throws -> ReceivedEntry {
        var entry = try sink.put(received(path, seconds: seconds), "text".bytes)
        entry.state = .finishing
        return entry
    }

    private let old = "old text".bytes

    // MARK: conflicts

    @Test func `rename: the new file gets a number`() throws {
        let sink = try sink(scratch.path)
        scratch.file("a.txt", old)
        scratch.file("a (1).txt", old)
        let ended = try sink.finish(finishing(sink, "a.txt"), rule: .rename)
        #expect(ended == EndedEntry(number: 0, state: .finished, finalName: "a (2).txt".bytes))
        #expect(scratch("a.txt").contents == old)
        #expect(scratch("a (2).txt").contents == "text".bytes)
        #expect(scratch.path.names.count == 3)
    }

    @Test func `rename: a folder in the way gives a number too`() throws {
        let sink = try sink(scratch.path)
        scratch.folder("file")
        #expect(try sink.finish(finishing(sink), rule: .rename).finalName == "file (1)".bytes)
    }

    @Test func `skip: the old file stays`() throws {
        let sink = try sink(scratch.path)
        scratch.file("file", old)
        let entry = try finishing(sink)
        #expect(try sink.finish(entry, rule: .skip) == EndedEntry(skipped: 0, .exists))
        #expect(scratch("file").contents == old)
        #expect(scratch.path.names == ["file"])
        #expect(try sink.finish(entry, rule: .skip) == EndedEntry(skipped: 0, .exists))
        #expect(try sink.finish(finishing(sink, "other"), rule: .skip).state == .finished)
    }

    @Test func `overwrite: the new file takes the place, of a link too`() throws {
        let sink = try sink(scratch.path)
        scratch.file("file", old)
        scratch.file("target", old)
        scratch.link("link", to: "target")
        #expect(try sink.finish(finishing(sink), rule: .overwrite) == EndedEntry(number: 0, state: .finished))
        #expect(scratch("file").contents == "text".bytes)
        #expect(try sink.finish(finishing(sink, "link"), rule: .overwrite).state == .finished)
        #expect(scratch("target").contents == old)
        #expect(!scratch("link").isLink)
        #expect(try sink.finish(finishing(sink, "new"), rule: .overwrite).state == .finished)
    }

    @Test(arguments: [ConflictRule.overwrite, .newer])
    func `a folder is never replaced`(_ rule: ConflictRule) throws {
        let sink = try sink(scratch.path)
        scratch.folder("file").setModified(0, 0)
        let entry = try finishing(sink)
        #expect(throws: DiskError.unfit(path: scratch("file"), .inTheWay)) { try sink.finish(entry, rule: rule) }
        rmdir(scratch("file"))
        #expect(try sink.finish(entry, rule: rule).state == .finished)
    }

    @Test func `newer: the later time wins`() throws {
        let sink = try sink(scratch.path)
        scratch.file("file", old).setModified(100, 3)
        #expect(try sink.finish(finishing(sink, seconds: 99), rule: .newer).state == .skipped)
        #expect(scratch("file").contents == old)
        #expect(try sink.finish(finishing(sink, seconds: 100), rule: .newer).state == .skipped)
        #expect(try sink.finish(finishing(sink, seconds: 101), rule: .newer).state == .finished)
        #expect(scratch("file").contents == "text".bytes)
        #expect(scratch.path.names == ["file"])
    }

    // MARK: crashes

    @Test(arguments: ConflictRule.allCases)
    func `finishing what was renamed before a crash`(_ rule: ConflictRule) throws {
        let sink = try sink(scratch.path)
        let entry = try finishing(sink)
        let first = try sink.finish(entry, rule: rule)
        let again = try MeshDiskTests.sink(scratch.path)
        #expect(try again.finish(entry, rule: rule) == first)
        #expect(try again.inspectPart(entry)?.identity == entry.part)
        #expect(scratch.path.names == ["file"])
    }

    @Test func `the number it got before a crash is found`() throws {
        let sink = try sink(scratch.path)
        scratch.file("file", old)
        var entry = try finishing(sink)
        let ended = try sink.finish(entry, rule: .rename)
        #expect(ended.finalName == "file (1)".bytes)
        #expect(try sink.finish(entry, rule: .rename) == ended)
        #expect(scratch.path.names == ["file", "file (1)"])
        entry.state = .finished
        entry.finalName = ended.finalName
        #expect(try sink.inspectPart(entry)?.identity == entry.part)
        var region = [UInt8](repeating: 0, count: 4)
        try region.withUnsafeMutableBytes { try sink.readBack(entry, offset: 0, into: $0) }
        #expect(region == "text".bytes)
    }

    @Test func `a crash between link and unlink where rename cannot refuse`() throws {
        let sink = try sink(scratch.path)
        let entry = try finishing(sink)
        link(sink.partPath(entry, in: scratch.path), scratch("file"))
        #expect(try sink.finish(entry, rule: .rename) == EndedEntry(number: 0, state: .finished))
        #expect(scratch.path.names == ["file"])
    }

    @Test func `a crash after the mode was set`() throws {
        let sink = try sink(scratch.path)
        var entry = try finishing(sink)
        entry.manifest.mode = 0
        chmod(sink.partPath(entry, in: scratch.path), 0)
        let again = try MeshDiskTests.sink(scratch.path)
        #expect(try again.finish(entry, rule: .rename).state == .finished)
        #expect(scratch("file").mode == 0)
        var region = [UInt8](repeating: 0, count: 4)
        try region.withUnsafeMutableBytes { try again.readBack(entry, offset: 0, into: $0) }
        #expect(region == "text".bytes)
        #expect(scratch("file").mode == 0)
    }

    @Test func `a file written at once has its mode and time before its name`() throws {
        let sink = try sink(scratch.path)
        var entry = try sink.put(received("file", mode: 0o640, seconds: 7))
        let part = sink.partPath(entry, in: scratch.path)
        #expect(part.mode == 0o640)
        #expect(part.stat?.st_mtim.tv_sec == 7)
        // What somebody changed meanwhile is set again.
        chmod(part, 0o600)
        part.setModified(8, 0)
        entry.state = .finishing
        #expect(try sink.finish(entry, rule: .rename).state == .finished)
        #expect(scratch("file").mode == 0o640)
        #expect(scratch("file").stat?.st_mtim.tv_sec == 7)
    }

    @Test func `an empty file renamed before a crash`() throws {
        let sink = try sink(scratch.path)
        let entry = received("file", size: 0, state: .finishing)
        #expect(try sink.finish(entry, rule: .rename) == EndedEntry(number: 0, state: .finished))
        #expect(try sink.finish(entry, rule: .rename) == EndedEntry(number: 0, state: .finished))
        #expect(scratch.path.names == ["file"])
    }

    // MARK: what is not the part

    @Test func `a file that is not whole gets no final name`() throws {
        let sink = try sink(scratch.path)
        var entry = received("file", size: 5)
        entry.part = try sink.write(entry, offset: 0, length: 4, slices: [ByteBuffer(string: "text")])
        entry.state = .finishing
        #expect(throws: DiskError.displaced(path: scratch("file"))) { try sink.finish(entry, rule: .rename) }
        #expect(!scratch("file").exists)
    }

    @Test func `another object in the part's place is neither written nor finished`() throws {
        let sink = try sink(scratch.path)
        let entry = try finishing(sink)
        let part = sink.partPath(entry, in: scratch.path)
        scratch.file("evil", "evil".bytes)
        rename(scratch("evil"), part)
        #expect(throws: DiskError.displaced(path: scratch("file"))) { try sink.finish(entry, rule: .rename) }
        #expect(throws: DiskError.displaced(path: scratch("file"))) { try sink.put(entry) }
        #expect(try sink.inspectPart(entry)?.identity != entry.part)
        #expect(part.contents == "evil".bytes)
        #expect(!scratch("file").exists)
    }

    @Test func `a part removed while the transfer runs`() throws {
        let sink = try sink(scratch.path)
        let entry = try finishing(sink)
        unlink(sink.partPath(entry, in: scratch.path))
        #expect(try sink.inspectPart(entry) == nil)
        #expect(throws: DiskError.displaced(path: scratch("file"))) { try sink.finish(entry, rule: .rename) }
        #expect(throws: DiskError.displaced(path: scratch("file"))) { try sink.put(entry) }
        // The session opens the entry again: a new part.
        #expect(try sink.put(received("file")).part != nil)
    }

    @Test func `a part with a second name is not ours alone`() throws {
        let sink = try sink(scratch.path)
        let entry = try finishing(sink)
        link(sink.partPath(entry, in: scratch.path), scratch("spy"))
        #expect(throws: DiskError.displaced(path: scratch("file"))) { try sink.finish(entry, rule: .rename) }
        #expect(try sink.inspectPart(entry) == nil)
        let fresh = try sink.put(received("file"), "next".bytes)
        #expect(scratch("spy").contents == "text".bytes)
        #expect(try sink.finish(fresh, rule: .rename).state == .finished)
        #expect(scratch("file").contents == "next".bytes)
    }

    @Test(arguments: ["link", "hard link", "fifo"])
    func `what waits at a part's name is removed, not written to`(_ kind: String) throws {
        let sink = try sink(scratch.path)
        scratch.file("victim", old)
        let part = sink.partPath(received("file"), in: scratch.path)
        switch kind {
        case "link": symlink("victim", part)
        case "hard link": link(scratch("victim"), part)
        default: mkfifo(part, 0o600)
        }
        _ = try sink.finish(sink.put(received("file")), rule: .rename)
        #expect(scratch("file").contents == "text".bytes)
        #expect(scratch("victim").contents == old)
    }

    // MARK: links

    @Test func `a link, and once more after a crash`() throws {
        let sink = try sink(scratch.path)
        for _ in 0..<2 {
            let ended = try sink.makeLink(receivedLink("a/l", to: "../file"), rule: .rename, allowOutside: false)
            #expect(ended == EndedEntry(number: 9, state: .finished))
        }
        #expect(try Folder(path: scratch("a").bytes).linkTarget("l".bytes) == "../file".bytes)
        #expect(scratch("a/l").stat?.st_mtim.tv_sec == 5)
        #expect(scratch("a").names == ["l"])
    }

    @Test func `links that lead outside are left out unless allowed`() throws {
        let sink = try sink(scratch.path)
        for target in ["/etc/passwd", "../../x", "x/../../.."] {
            let link = receivedLink("a/l", to: target)
            #expect(try sink.makeLink(link, rule: .rename, allowOutside: false).state == .skipped)
            #expect(!scratch("a/l").exists)
        }
        let outside = receivedLink("a/l", to: "/etc/passwd")
        #expect(try sink.makeLink(outside, rule: .rename, allowOutside: true).state == .finished)
    }

    @Test func `a link's conflicts`() throws {
        let sink = try sink(scratch.path)
        scratch.file("l", old).setModified(6, 0)
        scratch.folder("f")
        let link = receivedLink("l", to: "x")
        #expect(try sink.makeLink(link, rule: .skip, allowOutside: false).state == .skipped)
        #expect(try sink.makeLink(link, rule: .newer, allowOutside: false).state == .skipped)
        #expect(scratch("l").contents == old)
        let renamed = try sink.makeLink(link, rule: .rename, allowOutside: false)
        #expect(renamed.finalName == "l (1)".bytes)
        #expect(try sink.makeLink(link, rule: .rename, allowOutside: false) == renamed)
        #expect(try sink.makeLink(link, rule: .overwrite, allowOutside: false).state == .finished)
        #expect(scratch("l").isLink)
        #expect(throws: DiskError.unfit(path: scratch("f"), .inTheWay)) {
            try sink.makeLink(receivedLink("f", to: "x"), rule: .overwrite, allowOutside: false)
        }
        #expect(scratch.path.names == ["f", "l", "l (1)"])
    }
}
