import Glibc
import MeshTransfer
import MeshWire
import NIOCore
import Testing

@testable import MeshDisk

/// A peer that wants to write elsewhere, and a destination full of links.
@Suite struct FileSinkEscapeTests {
    private let scratch = Scratch()

    private func outside() -> String { scratch.folder("outside") }

    private func destination() throws -> FileSink { try sink(scratch.folder("out")) }

    /// Every call that takes a path, with what it answered.
    private func everything(_ sink: FileSink, _ path: String) -> Set<DiskError?> {
        let entry = received(path)
        var finishing = entry
        finishing.state = .finishing
        let calls: [() throws -> Void] = [
            { _ = try sink.put(entry) },
            { _ = try sink.finish(received(path, size: 0), rule: .overwrite) },
            { _ = try sink.finish(finishing, rule: .overwrite) },
            { try sink.makeFolder(folderEntry(path)) },
            { try sink.finishFolder(madeFolder(path)) },
            { _ = try sink.makeLink(receivedLink(path, to: "x"), rule: .overwrite, allowOutside: true) },
            { _ = try sink.existing(entry.manifest) },
            { _ = try sink.inspectPart(entry) },
            { try sink.discard(entry) },
        ]
        return Set(
            calls.map { call in
                do {
                    try call()
                    return nil
                } catch {
                    return error as? DiskError
                }
            })
    }

    @Test(arguments: [
        "/etc/x", "../outside/x", "a/../../outside/x", "a/./x", "a//x", "a/", "", "..", ".", "a\0b",
        ".pmesh-0123456789abcdef-1.part", "a/.pmesh-0123456789abcdef-1.part/b", String(repeating: "x", count: 256),
        String(repeating: "a/", count: 256) + "a",
    ])
    func `paths that are none are refused before anything is touched`(_ path: String) throws {
        let sink = try destination()
        #expect(everything(sink, path) == [.escapes(path: EntryPath.escaped(path.bytes))])
        #expect(scratch("out").names.isEmpty)
    }

    @Test func `a link made before, in a folder's place, is not entered`() throws {
        let sink = try destination()
        scratch.link("out/a", to: outside())
        scratch.link("out/b/c", to: "../../outside")
        for (path, link) in [("a/x", "a"), ("a/deep/x", "a"), ("b/c/x", "b/c")] {
            #expect(everything(sink, path) == [.unfit(path: scratch("out/" + link), .throughLink)])
        }
        #expect(outside().names.isEmpty)
    }

    @Test func `a link the peer itself sent is not entered`() throws {
        let sink = try destination()
        let link = receivedLink("a", to: outside())
        #expect(try sink.makeLink(link, rule: .rename, allowOutside: true).state == .finished)
        #expect(throws: DiskError.unfit(path: scratch("out/a"), .throughLink)) { try sink.put(received("a/x")) }
        #expect(outside().names.isEmpty)
    }

    @Test func `a folder swapped for a link while the transfer runs`() throws {
        let sink = try destination()
        let before = try sink.put(received("a/b/x"))
        rename(scratch("out/a/b"), scratch("out/moved"))
        symlink(outside(), scratch("out/a/b"))
        // The folder is open: what is meant for it goes on into it, wherever it is now.
        #expect(try sink.finish(before, rule: .rename).state == .finished)
        #expect(scratch("out/moved/x").exists)
        let again = try MeshDiskTests.sink(scratch("out"))
        #expect(throws: DiskError.unfit(path: scratch("out/a/b"), .throughLink)) {
            try again.put(received("a/b/y", number: 1))
        }
        #expect(outside().names.isEmpty)
    }

    @Test func `a link under the final name is replaced, not followed`() throws {
        let sink = try destination()
        let victim = scratch.file("outside/victim", "old".bytes, mode: 0o600)
        scratch.link("out/x", to: victim)
        #expect(try sink.finish(sink.put(received("x")), rule: .overwrite).state == .finished)
        scratch.link("out/folder", to: outside())
        #expect(throws: DiskError.unfit(path: scratch("out/folder"), .inTheWay)) {
            try sink.finishFolder(madeFolder("folder", mode: 0o777))
        }
        #expect(throws: DiskError.unfit(path: scratch("out/folder"), .throughLink)) {
            try sink.makeFolder(folderEntry("folder"))
        }
        #expect(victim.contents == "old".bytes)
        #expect(victim.mode == 0o600)
        #expect(outside().mode == 0o755)
    }

    @Test func `a file in a folder's place`() throws {
        let sink = try destination()
        scratch.file("out/a")
        #expect(throws: DiskError.unfit(path: scratch("out/a"), .inTheWay)) { try sink.put(received("a/x")) }
        #expect(throws: DiskError.unfit(path: scratch("out/a"), .inTheWay)) { try sink.makeFolder(folderEntry("a")) }
        #expect(scratch("out/a").contents == "text".bytes)
    }

    @Test func `the destination may be reached by a link`() throws {
        scratch.folder("real")
        scratch.link("named", to: "real")
        let sink = try sink(scratch("named"))
        _ = try sink.finish(sink.put(received("a/x")), rule: .rename)
        #expect(scratch("real/a/x").exists)
    }
}
