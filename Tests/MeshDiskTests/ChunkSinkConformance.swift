import MeshSimulation
import MeshTransfer
import MeshWire
import NIOCore
import Testing

@testable import MeshDisk

/// What every `ChunkSink` must do, whatever it keeps its files in: what the simulation plays with is what a node has.
@Suite struct ChunkSinkConformance {
    @Test func aRealDisk() throws {
        // They last as long as their sinks.
        var folders: [Scratch] = []
        try conformance {
            let scratch = Scratch()
            folders.append(scratch)
            return try sink(scratch.path)
        }
    }

    @Test func theSimulatedDisk() throws { try conformance { SimulatedDisk() } }

    /// `make` answers an empty destination.
    private func conformance(_ make: () throws -> some ChunkSink) throws {
        try keepsChunksInAnyOrder(make())
        try readsHolesAsZeros(make())
        try namesWhatIsWhole(make())
        try finishesOnceMore(make())
        try finishesWhatIsEmpty(make())
        for rule in ConflictRule.allCases { try keepsTo(rule, make()) }
        try recognisesTheSameFile(make())
        try removesWhatIsItsOwn(make())
        try makesFolders(make())
        try makesLinks(make())
    }

    private func entry(_ path: String, number: UInt64 = 0, size: Int = 8, seconds: Int64 = 5) -> ReceivedEntry {
        received(path, number: number, size: size, seconds: seconds, nanoseconds: 0)
    }

    /// The entry once its part is written.
    private func written(_ entry: ReceivedEntry, _ text: String, _ sink: some ChunkSink) throws -> ReceivedEntry {
        var entry = entry
        entry.part = try sink.write(entry, offset: 0, length: text.utf8.count, slices: [ByteBuffer(string: text)])
        return entry
    }

    private func content(_ entry: ReceivedEntry, _ sink: some ChunkSink) throws -> String {
        var region = [UInt8](repeating: 1, count: Int(entry.manifest.size))
        try region.withUnsafeMutableBytes { try sink.readBack(entry, offset: 0, into: $0) }
        return String(decoding: region, as: UTF8.self)
    }

    private func keepsChunksInAnyOrder(_ sink: some ChunkSink) throws {
        var file = entry("file")
        #expect(try sink.inspectPart(file) == nil)
        file.part = try sink.write(
            file, offset: 4, length: 4, slices: [ByteBuffer(string: "do"), ByteBuffer(string: "ne")])
        #expect(try sink.write(file, offset: 0, length: 4, slices: [ByteBuffer(string: "half")]) == file.part)
        let found = try #require(try sink.inspectPart(file))
        #expect(found.identity == file.part && found.size == 8)
        #expect(try content(file, sink) == "halfdone")
        #expect(try sink.existing(file.manifest) == nil, "a final name is for what is whole")
    }

    private func readsHolesAsZeros(_ sink: some ChunkSink) throws {
        var file = entry("file")
        file.part = try sink.write(file, offset: 0, length: 4, slices: [])
        _ = try sink.write(file, offset: 4, length: 4, slices: [ByteBuffer(string: "done")])
        #expect(try content(file, sink) == "\0\0\0\0done")
    }

    private func namesWhatIsWhole(_ sink: some ChunkSink) throws {
        let file = try written(entry("file"), "halfdone", sink)
        #expect(try sink.finish(file, rule: .rename) == EndedEntry(number: 0, state: .finished))
        let there = try #require(try sink.existing(file.manifest))
        #expect(there.kind == .file && there.size == 8 && there.seconds == 5)
    }

    /// The rename has happened, and its word was lost with the process.
    private func finishesOnceMore(_ sink: some ChunkSink) throws {
        var file = try written(entry("file"), "halfdone", sink)
        file.state = .finishing
        let ended = try sink.finish(file, rule: .rename)
        #expect(try sink.finish(file, rule: .rename) == ended)
        #expect(try sink.inspectPart(file)?.identity == file.part)
        #expect(try content(file, sink) == "halfdone")
        file.state = .open
        #expect(throws: DiskError.self, "there is no part, and none was to get its name") {
            try sink.finish(file, rule: .rename)
        }
    }

    private func finishesWhatIsEmpty(_ sink: some ChunkSink) throws {
        var file = entry("file", size: 0)
        file.part = try sink.write(file, offset: 0, length: 0, slices: [])
        #expect(try sink.finish(file, rule: .skip).state == .finished)
        #expect(try sink.existing(file.manifest)?.size == 0)
    }

    /// The older file has the name; the one that comes is later.
    private func keepsTo(_ rule: ConflictRule, _ sink: some ChunkSink) throws {
        _ = try sink.finish(try written(entry("file", seconds: 5), "old file", sink), rule: .rename)
        let late = try written(entry("file", number: 1, seconds: 6), "new file", sink)
        let ended = try sink.finish(late, rule: rule)
        switch rule {
        case .rename: #expect(ended == EndedEntry(number: 1, state: .finished, finalName: "file (1)".bytes))
        case .skip: #expect(ended == EndedEntry(skipped: 1, .exists))
        case .overwrite, .newer: #expect(ended == EndedEntry(number: 1, state: .finished))
        }
        let isReplaced = rule == .overwrite || rule == .newer
        #expect(try sink.existing(late.manifest)?.seconds == (isReplaced ? 6 : 5))
        guard rule == .newer else { return }
        let early = try written(entry("file", number: 2, seconds: 4), "old news", sink)
        #expect(try sink.finish(early, rule: rule) == EndedEntry(skipped: 2, .older))
        let same = try written(entry("file", number: 3, seconds: 6), "new file", sink)
        #expect(try sink.finish(same, rule: rule) == EndedEntry(skipped: 3, .unchanged))
    }

    /// With `rename`: a transfer that was forgotten comes once more.
    private func recognisesTheSameFile(_ sink: some ChunkSink) throws {
        _ = try sink.finish(try written(entry("file"), "halfdone", sink), rule: .rename)
        let twin = try written(entry("file", number: 1), "halfdone", sink)
        #expect(try sink.finish(twin, rule: .rename) == EndedEntry(number: 1, state: .finished))
    }

    private func removesWhatIsItsOwn(_ sink: some ChunkSink) throws {
        let part = try written(entry("part"), "halfdone", sink)
        try sink.discard(part)
        #expect(try sink.inspectPart(part) == nil)
        var file = try written(entry("file", number: 1), "halfdone", sink)
        file.state = try sink.finish(file, rule: .rename).state
        let other = try written(entry("file", number: 2, seconds: 6), "new file", sink)
        _ = try sink.finish(other, rule: .overwrite)
        try sink.discard(file)
        #expect(try sink.existing(file.manifest)?.seconds == 6, "another file has the name now")
        try sink.discard(other)
        #expect(try sink.existing(file.manifest) == nil)
        try sink.discard(other)
    }

    private func makesFolders(_ sink: some ChunkSink) throws {
        let folder = folderEntry("a", mode: 0o550)
        try sink.makeFolder(folder)
        try sink.makeFolder(folder)
        #expect(try sink.existing(folder)?.kind == .folder)
        _ = try sink.finish(try written(entry("a/file"), "halfdone", sink), rule: .rename)
        try sink.finishFolder(madeFolder(folder))
        #expect(try sink.existing(folder)?.mode == 0o550)
    }

    private func makesLinks(_ sink: some ChunkSink) throws {
        let link = receivedLink("link", to: "file")
        #expect(try sink.makeLink(link, rule: .rename, allowOutside: false).state == .finished)
        #expect(try sink.makeLink(link, rule: .skip, allowOutside: false).state == .finished, "it is there already")
        #expect(try sink.existing(link.manifest)?.kind == .link)
        let other = receivedLink("link", to: "elsewhere")
        #expect(try sink.makeLink(other, rule: .skip, allowOutside: false).state == .skipped)
        #expect(try sink.makeLink(other, rule: .rename, allowOutside: false).finalName == "link (1)".bytes)
    }
}
