import Glibc
import MeshSimulation
import MeshTransfer
import MeshWire
import Testing

@testable import MeshDisk

/// What every `ChunkSource` must do, wherever its files are.
@Suite struct ChunkSourceConformance {
    /// A source with one file in it, which can be written anew, made sparse and removed.
    private struct Place<Source: ChunkSource> {
        var source: Source
        /// The file's entry, as a walk finds it now.
        var entry: () throws -> SourceEntry?
        var put: ([UInt8]) -> Void
        var remove: () -> Void
    }

    @Test func aRealDisk() throws {
        let scratch = Scratch()
        let roots = [scratch("t").bytes]
        scratch.file("t/file", [])
        try conformance(
            Place(
                source: FileSource(roots: roots),
                entry: { try walk(SourceWalk(roots: roots)).first { $0.manifest.path == "t/file".bytes } },
                put: { scratch.file("t/file", $0) }, remove: { unlink(scratch("t/file")) }))
    }

    @Test func theSimulatedDisk() throws {
        let (disk, path) = (SimulatedDisk(), "t/file".bytes)
        try conformance(
            Place(
                source: disk, entry: { disk.entry(path) }, put: { disk.put(path, $0) },
                remove: { disk.removeSource(path) }))
    }

    private func conformance(_ place: Place<some ChunkSource>) throws {
        try readsPieces(place)
        try tellsOfChanges(place)
        try tellsWhatIsGone(place)
    }

    /// One piece, in two regions of memory.
    private func bytes(_ entry: SourceEntry, _ offset: UInt64, _ length: Int, _ source: some ChunkSource) throws
        -> [UInt8]
    {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 1)
        defer { room.deallocate() }
        let isHole = try source.read(
            entry, offset: offset,
            into: [
                UnsafeMutableRawBufferPointer(rebasing: room[..<(length / 2)]),
                UnsafeMutableRawBufferPointer(rebasing: room[(length / 2)...]),
            ])
        return isHole ? [UInt8](repeating: 0, count: length) : Array(room)
    }

    private func readsPieces(_ place: Place<some ChunkSource>) throws {
        let data = noise(50_000)
        place.put(data)
        let file = try #require(try place.entry())
        #expect(file.manifest.kind == .file && file.manifest.size == 50_000)
        #expect(try bytes(file, 0, 50_000, place.source) == data)
        #expect(try bytes(file, 49_990, 10, place.source) == Array(data[49_990...]))
        #expect(try place.source.isUnchanged(file))
        place.source.release(file)
        #expect(try bytes(file, 1, 3, place.source) == Array(data[1..<4]), "it is opened again")
        #expect(place.source.held(file).isEmpty, "what has a length is not held")
    }

    private func tellsOfChanges(_ place: Place<some ChunkSource>) throws {
        place.put(noise(40_000))
        let old = try #require(try place.entry())
        place.put(noise(60_000, seed: 2))
        #expect(try !place.source.isUnchanged(old))
        place.source.release(old)
        let now = try #require(try place.source.restat(old))
        #expect(now.manifest.size == 60_000 && now.manifest.path == old.manifest.path && now.identity != old.identity)
        #expect(try place.source.isUnchanged(now))
        #expect(try bytes(now, 0, 60_000, place.source) == noise(60_000, seed: 2))
    }

    private func tellsWhatIsGone(_ place: Place<some ChunkSource>) throws {
        place.put(noise(30_000))
        let file = try #require(try place.entry())
        place.remove()
        place.source.release(file)
        #expect(throws: DiskError.self) { try bytes(file, 0, 100, place.source) }
        #expect((try? place.source.isUnchanged(file)) != true)
        #expect(try place.source.restat(file) == nil)
    }
}
