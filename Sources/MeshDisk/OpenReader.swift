import Glibc
package import MeshTransfer
import MeshWire
import NIOCore
import Synchronization

/// Reads files of open length to their ends, one after the other, as far as there is room for what nobody has kept yet.
///
/// `run` belongs to a thread of its own: a pipe may bring nothing for as long as it likes, and that must hold up neither other
/// work nor the end of the command. The thread sleeps in poll(2) and is woken by whoever makes room, adds a file or stops it.
package final class OpenReader: Sendable {
    /// Where the bytes come from.
    package enum Input: Sendable {
        case standardInput
        case bytes([UInt8])
    }

    /// What came of reading.
    package enum Step: Sendable {
        /// Further chunks are held.
        case grew(OpenFile)
        /// The end was found: to be written down before it is told.
        case ended(OpenFile)
        case failed(SourceEntry, DiskError)
    }

    /// Plain bytes held at most: what lanes may have under way, and what is being committed at the other side.
    package static let limit = 32 * 1024 * 1024

    private struct State {
        var buffer = OpenBuffer(limit: OpenReader.limit)
        /// Files that have not ended, in the order in which they were added.
        var waiting: [SourceEntry] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let wakeUp: WakeUp
    private let open: @Sendable (SourceEntry) throws(DiskError) -> OpenInput

    /// `open` is called on the thread of `run`, when a file's turn has come.
    init(open: @escaping @Sendable (SourceEntry) throws(DiskError) -> OpenInput) throws(DiskError) {
        do { wakeUp = try WakeUp() } catch { throw DiskError(error, path: []) }
        self.open = open
    }

    // MARK: from other threads

    /// The entry is in the manifest: it is read after those before it.
    package func begin(_ entry: SourceEntry) {
        state.withLock { $0.waiting.append(entry) }
        wakeUp.wake()
    }

    package func stop() {
        state.withLock { $0.isStopped = true }
        wakeUp.wake()
    }

    func copy(_ number: UInt64, into regions: [UnsafeMutableRawBufferPointer]) -> Bool {
        let chunk = state.withLock { $0.buffer[number] }
        return chunk.map { OpenBuffer.copy($0, into: regions) } ?? false
    }

    var held: NumberSet { state.withLock { $0.buffer.numbers } }

    func kept(_ chunks: NumberSet) {
        state.withLock { $0.buffer.drop(chunks) }
        wakeUp.wake()
    }

    /// Nobody wants more of it.
    package func drop(_ entry: SourceEntry) {
        let plan = FilePlan(entry: entry.number, manifest: entry.manifest)
        state.withLock { state in
            state.waiting.removeAll { $0.number == entry.number }
            state.buffer.drop(NumberSet(plan.numbers))
        }
        wakeUp.wake()
    }

    // MARK: on its own thread

    /// Reads until `stop`; `tell` is called for each step.
    package func run(_ tell: (Step) -> Void) {
        while let entry = next() {
            do throws(DiskError) {
                var file = OpenFile(entry)
                let input = try open(entry)
                guard let size = try read(input, &file, tell) else { continue }
                forget(entry)
                file.tell(size)
                tell(.ended(file))
            } catch {
                forget(entry)
                tell(.failed(entry, error))
            }
        }
    }

    /// It is read no further; what is held of it stays.
    private func forget(_ entry: SourceEntry) {
        state.withLock { state in state.waiting.removeAll { $0.number == entry.number } }
    }

    /// The file whose turn it is; nil where there is nothing more to do.
    private func next() -> SourceEntry? {
        while true {
            let (entry, isStopped) = state.withLock { ($0.waiting.first, $0.isStopped) }
            if isStopped { return nil }
            if let entry { return entry }
            wakeUp.sleep()
        }
    }

    /// Reads to the end and answers the file's size; nil where it is to go no further.
    private func read(
        _ input: OpenInput, _ file: inout OpenFile, _ tell: (Step) -> Void
    ) throws(DiskError) -> UInt64? {
        var size: UInt64 = 0
        let end = file.source.manifest.room * UInt64(Limits.openChunk)
        while true {
            guard waitForRoom(file.source) else { return nil }
            guard let chunk = try chunk(of: input, file.source) else { return nil }
            guard !chunk.isEmpty else { return size }
            size += UInt64(chunk.count)
            put(chunk, of: file)
            file.readable += 1
            // A chunk that is shorter is the last, and leaves once its end is told.
            guard chunk.count == Limits.openChunk else { return size }
            tell(.grew(file))
            guard size < end else { throw .unfit(path: EntryPath.escaped(file.source.manifest.path), .size) }
        }
    }

    /// Holds the next chunk, unless nobody wants the file any more.
    private func put(_ chunk: [UInt8], of file: OpenFile) {
        state.withLock { state in
            guard state.waiting.contains(where: { $0.number == file.source.number }) else { return }
            state.buffer.put(ByteBuffer(bytes: chunk), as: file.readable)
        }
    }

    /// A whole chunk, or what there is before the end; nil where it is to go no further.
    private func chunk(of input: OpenInput, _ entry: SourceEntry) throws(DiskError) -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: Limits.openChunk)
        var count = 0
        while count < chunk.count {
            guard waitForInput(input, entry) else { return nil }
            let rest = count
            let read: Int
            do throws(SystemError) {
                read = try chunk.withUnsafeMutableBytes { bytes in
                    Result { () throws(SystemError) in
                        try input.read(UnsafeMutableRawBufferPointer(rebasing: bytes[rest...]))
                    }
                }.get()
            } catch {
                throw DiskError(error, path: entry.manifest.path)
            }
            guard read > 0 else { break }
            count += read
        }
        chunk.removeLast(chunk.count - count)
        return chunk
    }

    private func waitForRoom(_ entry: SourceEntry) -> Bool {
        while isWanted(entry) {
            if state.withLock({ $0.buffer.hasRoom }) { return true }
            wakeUp.sleep()
        }
        return false
    }

    private func waitForInput(_ input: OpenInput, _ entry: SourceEntry) -> Bool {
        while isWanted(entry) {
            guard case .pipe(let pipe) = input else { return true }
            if wakeUp.sleep(until: pipe) { return true }
        }
        return false
    }

    private func isWanted(_ entry: SourceEntry) -> Bool {
        state.withLock { state in !state.isStopped && state.waiting.contains { $0.number == entry.number } }
    }
}

/// One file of open length while it is read.
enum OpenInput {
    /// Of the kernel: whatever it has is there at once.
    case file(Descriptor)
    case pipe(Descriptor)
    case memory(MemoryInput)

    /// Reads what there is into `region`; 0 at the end.
    func read(_ region: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        switch self {
        case .file(let file), .pipe(let file):
            try file.call("read") { Glibc.read($0, region.baseAddress, region.count) }
        case .memory(let memory): memory.read(region)
        }
    }
}

/// Bytes that are there, read like a file.
final class MemoryInput: Sendable {
    private let rest: Mutex<ArraySlice<UInt8>>

    init(_ bytes: [UInt8]) { rest = Mutex(bytes[...]) }

    func read(_ region: UnsafeMutableRawBufferPointer) -> Int {
        rest.withLock { rest in
            let piece = rest.prefix(region.count)
            region.copyBytes(from: piece)
            rest = rest.dropFirst(piece.count)
            return piece.count
        }
    }
}
