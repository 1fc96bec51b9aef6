import Glibc
import MeshTransfer
import MeshWire
import NIOCore
import Testing

@testable import MeshDisk

/// Source to sink without a network: what the engine does, in one thread.
@Suite struct RoundTripTests {
    private let scratch = Scratch()

    private func transfer(_ root: String, to destination: String) throws {
        let source = try FileSource(roots: [root.bytes], openFiles: 2)
        let sink = try sink(destination, openParts: 2, openFolders: 2)
        let entries = try walk(SourceWalk(roots: [root.bytes]))
        for entry in entries where entry.manifest.kind == .folder { try sink.makeFolder(entry.manifest) }
        for entry in entries where entry.manifest.kind == .file {
            var arriving = ReceivedEntry(number: entry.number, manifest: entry.manifest)
            try copy(entry, from: source, to: sink, &arriving)
            #expect(try source.isUnchanged(entry))
            arriving.state = .finishing
            #expect(try sink.finish(arriving, rule: .rename).state == .finished)
        }
        for entry in entries where entry.manifest.kind == .link {
            let link = ReceivedEntry(number: entry.number, manifest: entry.manifest)
            #expect(try sink.makeLink(link, rule: .rename, allowOutside: true).state == .finished)
        }
        for entry in entries.reversed() where entry.manifest.kind == .folder {
            try sink.finishFolder(madeFolder(entry.manifest))
        }
    }

    /// Chunk by chunk, the last one first.
    private func copy(
        _ entry: SourceEntry, from source: FileSource, to sink: FileSink, _ arriving: inout ReceivedEntry
    ) throws {
        let plan = FilePlan(entry: entry.number, manifest: entry.manifest)
        for chunk in plan.chunks.reversed() {
            let (offset, length) = plan.extent(of: chunk)
            let bytes = try source.bytes(entry, offset, length)
            let slices = bytes.map { [ByteBuffer(bytes: $0[..<(length / 3)]), ByteBuffer(bytes: $0[(length / 3)...])] }
            arriving.part = try sink.write(arriving, offset: offset, length: length, slices: slices ?? [])
        }
    }

    @Test func `a tree of everything arrives as it is`() throws {
        scratch.file("t/empty", [], mode: 0o400)
        scratch.file("t/small", noise(10), mode: 0o755)
        scratch.file("t/exact", noise(256 * 1024))
        scratch.file("t/more", noise(256 * 1024 + 1), mode: 0o000 | 0o600)
        scratch.file("t/large", noise(3 << 20))
        scratch.file("t/Ünïcode ✓ 'quoted' \n newline")
        scratch.file("t/a/b/c/d/deep")
        scratch.folder("t/a/closed")
        scratch.link("t/a/link", to: "b/c")
        scratch.link("t/dangling", to: "/nowhere")
        scratch.file("t/sparse", [])
        let sparse = open(scratch("t/sparse"), O_WRONLY)
        ftruncate(sparse, 20 << 20)
        pwrite(sparse, "x", 1, (5 << 20) + 4_097)
        pwrite(sparse, "y", 1, (20 << 20) - 1)
        close(sparse)
        for (index, name) in ["small", "a/link", "a/b/c", "large", "sparse"].enumerated() {
            scratch("t/\(name)").setModified(1_000 + index, 999_999_999 - index)
        }
        scratch("t/exact").setModified(-5, 7)
        chmod(scratch("t/a/closed"), 0o555)
        try transfer(scratch("t"), to: scratch("out"))
        var comparison = TreeComparison()
        comparison.comparesHoles = true
        #expect(try comparison.differences(scratch("t").bytes, scratch("out/t").bytes) == [])
        #expect(scratch("out").names == ["t"])
    }

    @Test func `a thousand small files`() throws {
        for number in 0..<1_000 { scratch.file("t/\(number % 10)/\(number)", noise(number, seed: UInt64(number))) }
        try transfer(scratch("t"), to: scratch("out"))
        #expect(try TreeComparison().differences(scratch("t").bytes, scratch("out/t").bytes) == [])
    }

    @Test func `one file as the root`() throws {
        scratch.file("file", noise(1_000))
        try transfer(scratch("file"), to: scratch("out"))
        #expect(scratch("out/file").contents == noise(1_000))
    }
}
