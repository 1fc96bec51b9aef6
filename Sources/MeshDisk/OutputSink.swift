import CPosix
import Glibc
package import MeshTransfer
package import MeshWire
package import NIOCore
import Synchronization

/// Writes one file, in order, to standard output: what has arrived ahead of its turn waits here.
///
/// A chunk counts as written once it is held here, as one in a page cache does: a lost lane or link loses nothing of it, and the
/// end of this process all of it. Who takes chunks must want no more of them than may be held; `Step.advanced` tells how far
/// the reader of standard output has come. The file is given its name, as it were, once all of it is out.
package final class OutputSink: ChunkSink {
    /// What came of writing.
    package enum Step: Sendable {
        /// So many bytes are out.
        case advanced(UInt64)
        case failed(DiskError)
    }

    /// A write to a pipe of so many bytes never blocks where poll(2) said that there is room.
    private static let pipeRoom = Int(PIPE_BUF)

    private struct State {
        /// By offset, what has not been written.
        var chunks: [UInt64: ByteBuffer] = [:]
        /// Bytes that are out.
        var written: UInt64 = 0
        var failure: DiskError?
        var isStopped = false
    }

    private let state = Mutex(State())
    private let wakeUp: WakeUp
    private let output: Descriptor
    /// Of this process's output alone: chunks that went to another are wanted once more.
    private let identity: PartIdentity

    /// `born`: anything that no other process uses.
    package init(born: Int64) throws(DiskError) {
        do throws(SystemError) {
            wakeUp = try WakeUp()
            output = Descriptor(try attempt("dup") { Int(mesh_duplicate(1)) })
        } catch {
            throw Self.failure(error)
        }
        identity = PartIdentity(device: 0, inode: 0, born: born)
    }

    private static func failure(_ error: SystemError) -> DiskError {
        .failed(path: "standard output", operation: error.operation, errno: error.code)
    }

    // MARK: on its own thread

    /// Writes until `stop`, or until nobody reads any more; `tell` is called for each step.
    package func run(_ tell: (Step) -> Void) {
        while let piece = next() {
            do throws(SystemError) {
                let count = try piece.withUnsafeReadableBytes { bytes in
                    Result { () throws(SystemError) in
                        try output.call("write") { Glibc.write($0, bytes.baseAddress, bytes.count) }
                    }
                }.get()
                if let step = wrote(count) { tell(step) }
            } catch {
                if error.code == EAGAIN { continue }
                let failure = Self.failure(error)
                state.withLock { $0.failure = failure }
                return tell(.failed(failure))
            }
        }
    }

    package func stop() {
        state.withLock { $0.isStopped = true }
        wakeUp.wake()
    }

    /// What is to be written next, once there is room for it; nil where there is nothing more to do.
    private func next() -> ByteBuffer? {
        while true {
            let (piece, isStopped) = state.withLock { state in
                let chunk = state.chunks.first { $0.key <= state.written }
                let rest = chunk.map { $0.value.getSlice(at: $0.value.readerIndex, length: $0.value.readableBytes) }
                return (rest.flatMap(\.self), state.isStopped)
            }
            if isStopped { return nil }
            guard let piece else {
                wakeUp.sleep()
                continue
            }
            if wakeUp.sleep(until: output, events: Int16(POLLOUT)) {
                return piece.getSlice(at: piece.readerIndex, length: min(piece.readableBytes, Self.pipeRoom))
            }
        }
    }

    /// Answers a step where a chunk is out as a whole.
    private func wrote(_ count: Int) -> Step? {
        state.withLock { state in
            guard let (offset, chunk) = state.chunks.first(where: { $0.key <= state.written }) else { return nil }
            state.written += UInt64(count)
            state.chunks[offset] = nil
            guard count < chunk.readableBytes else { return .advanced(state.written) }
            state.chunks[state.written] = chunk.getSlice(
                at: chunk.readerIndex + count, length: chunk.readableBytes - count)
            return nil
        }
    }

    // MARK: ChunkSink

    package func freeSpace() -> UInt64 { .max }
    package func existing(_ entry: ManifestEntry) -> ExistingFile? { nil }
    package func foldsCase(_ entry: ReceivedEntry) -> Bool { false }

    package func write(
        _ entry: ReceivedEntry, offset: UInt64, length: Int, slices: [ByteBuffer]
    ) throws(DiskError) -> PartIdentity {
        var chunk = ByteBufferAllocator().buffer(capacity: length)
        if slices.isEmpty { chunk.writeRepeatingByte(0, count: length) }
        for var slice in slices { chunk.writeBuffer(&slice) }
        let (failure, isNew) = state.withLock { state in
            let isNew = length > 0 && offset >= state.written && state.chunks[offset] == nil
            if isNew { state.chunks[offset] = chunk }
            return (state.failure, isNew)
        }
        if let failure { throw failure }
        if isNew { wakeUp.wake() }
        return identity
    }

    package func inspectPart(_ entry: ReceivedEntry) -> (identity: PartIdentity, size: UInt64)? { (identity, .max) }

    package func readBack(
        _ entry: ReceivedEntry, offset: UInt64, into region: UnsafeMutableRawBufferPointer
    ) throws(DiskError) { throw .displaced(path: "standard output") }

    package func finish(_ entry: ReceivedEntry, rule: ConflictRule) -> EndedEntry {
        EndedEntry(number: entry.number, state: .finished)
    }

    package func makeFolder(_ entry: ManifestEntry) {}
    package func finishFolder(_ entry: ReceivedEntry) {}

    package func makeLink(_ entry: ReceivedEntry, rule: ConflictRule, allowOutside: Bool) -> EndedEntry {
        EndedEntry(skipped: entry.number, .outside)
    }

    package func syncAll() {}
    package func discard(_ entry: ReceivedEntry) {}
    package func release(_ entry: ReceivedEntry) {}
}
