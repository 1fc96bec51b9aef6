import MeshTransfer
import MeshWire
import NIOCore
import Synchronization

import struct Crypto.SHA256

/// A disk that keeps of each write what it was: its digest and length.
final class CheckingSink: ChunkSink {
    private let last = Mutex<(digest: Digest, length: Int)?>(nil)

    var digest: Digest? { last.withLock { $0?.digest } }
    var length: Int? { last.withLock { $0?.length } }

    func write(
        _ entry: ReceivedEntry, offset: UInt64, length: Int, slices: [ByteBuffer]
    ) throws(DiskError) -> PartIdentity {
        let plain = slices.isEmpty ? [UInt8](repeating: 0, count: length) : slices.flatMap { Array(buffer: $0) }
        last.withLock { $0 = (Digest(SHA256.hash(data: plain)), plain.count) }
        return PartIdentity(device: 1, inode: 1, born: 0)
    }

    private var unused: DiskError { .notFound(path: "") }

    func foldsCase(_ entry: ReceivedEntry) throws(DiskError) -> Bool { false }

    func freeSpace() throws(DiskError) -> UInt64 { 0 }
    func existing(_ entry: ManifestEntry) throws(DiskError) -> ExistingFile? { nil }
    func inspectPart(_ entry: ReceivedEntry) throws(DiskError) -> (identity: PartIdentity, size: UInt64)? { nil }
    func readBack(_: ReceivedEntry, offset: UInt64, into: UnsafeMutableRawBufferPointer) throws(DiskError) {
        throw unused
    }
    func finish(_ entry: ReceivedEntry, rule: ConflictRule) throws(DiskError) -> EndedEntry { throw unused }
    func makeFolder(_ entry: ManifestEntry) throws(DiskError) { throw unused }
    func finishFolder(_ entry: ReceivedEntry) throws(DiskError) { throw unused }
    func makeLink(_: ReceivedEntry, rule: ConflictRule, allowOutside: Bool) throws(DiskError) -> EndedEntry {
        throw unused
    }
    func syncAll() throws(DiskError) { throw unused }
    func discard(_ entry: ReceivedEntry) throws(DiskError) { throw unused }
    func release(_ entry: ReceivedEntry) {}
}
