import MeshTransfer
import MeshWire
import NIOCore
import Synchronization

/// One sending process's view of its disk: what it has read of files of open length is in its memory alone, and ends with it.
final class SimulatedSource: ChunkSource {
    /// What may be held: three chunks, so that few files fit.
    static let limit = 3 * Limits.openChunk

    private struct Stream {
        var file: OpenFile
        /// What it holds, as it was when it was opened.
        let bytes: [UInt8]
        var offset = 0
    }

    private struct State {
        var buffer = OpenBuffer(limit: SimulatedSource.limit)
        var streams: [UInt64: Stream] = [:]
    }

    private let disk: SimulatedDisk
    private let state = Mutex(State())

    init(_ disk: SimulatedDisk) { self.disk = disk }

    // MARK: files of open length

    /// How far each of them has been read.
    var files: [OpenFile] { state.withLock { $0.streams.values.map(\.file) } }

    var heldBytes: Int { state.withLock { $0.buffer.bytes } }

    /// One of them can be read on.
    var isReadable: Bool {
        state.withLock { $0.buffer.hasRoom && $0.streams.values.contains { $0.file.source.manifest.isOpen } }
    }

    /// The entry is in the manifest: it is opened.
    func begin(_ entry: SourceEntry) -> OpenFile {
        let bytes = disk.version(entry.identity.changed, of: entry.manifest.path)
        return state.withLock { state in
            let file = OpenFile(entry)
            state.streams[entry.number] = Stream(file: file, bytes: bytes)
            return file
        }
    }

    /// Reads one chunk of the first that has not ended; behind its last byte its end is found.
    func readOn() -> OpenFile? {
        state.withLock { state in
            let number = state.streams.filter { $0.value.file.source.manifest.isOpen }.keys.min()
            guard let number, state.buffer.hasRoom, var stream = state.streams[number] else { return nil }
            let chunk = stream.bytes.dropFirst(stream.offset).prefix(Limits.openChunk)
            if chunk.isEmpty {
                stream.file.tell(UInt64(stream.bytes.count))
            } else {
                state.buffer.put(ByteBuffer(bytes: chunk), as: stream.file.readable)
                stream.file.readable += 1
                stream.offset += chunk.count
                // Its last chunk may be shorter, which only its end explains.
                if chunk.count < Limits.openChunk { stream.file.tell(UInt64(stream.bytes.count)) }
            }
            state.streams[number] = stream
            return stream.file
        }
    }

    // MARK: ChunkSource

    func read(
        _ entry: SourceEntry, offset: UInt64, into regions: [UnsafeMutableRawBufferPointer]
    ) throws(DiskError) -> Bool {
        guard entry.manifest.room > 0 else { return try disk.read(entry, offset: offset, into: regions) }
        let number = entry.manifest.firstChunk + offset / UInt64(Limits.openChunk)
        guard let chunk = state.withLock({ $0.buffer[number] }), OpenBuffer.copy(chunk, into: regions) else {
            throw .changed(path: EntryPath.escaped(entry.manifest.path))
        }
        return false
    }

    func isUnchanged(_ entry: SourceEntry) throws(DiskError) -> Bool {
        if entry.manifest.room > 0 { return true }
        return try disk.isUnchanged(entry)
    }

    func restat(_ entry: SourceEntry) throws(DiskError) -> SourceEntry? { try disk.restat(entry) }

    func release(_ entry: SourceEntry) {
        guard entry.manifest.room > 0 else { return disk.release(entry) }
        state.withLock { state in
            state.streams[entry.number] = nil
            state.buffer.drop(NumberSet(FilePlan(entry: entry.number, manifest: entry.manifest).numbers))
        }
    }

    func held(_ entry: SourceEntry) -> NumberSet {
        let plan = FilePlan(entry: entry.number, manifest: entry.manifest)
        return state.withLock { $0.buffer.numbers }.intersection(NumberSet(plan.numbers))
    }

    func kept(_ chunks: NumberSet) { state.withLock { $0.buffer.drop(chunks) } }
}
