// What the conformance suite feeds a journal with.
import MeshTransfer
import MeshWire

func transferID(_ number: UInt8) -> TransferID { TransferID(Bytes16([UInt8](repeating: number, count: 16))!) }
func nodeID(_ number: UInt8) -> NodeID { NodeID(digest(UInt64(number))) }
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A digest that tells which chunk it belongs to.
func digest(_ number: UInt64) -> Digest {
    Digest((0..<32).map { UInt8(truncatingIfNeeded: number >> (UInt64($0 % 8) * 8)) &+ UInt8($0) })!
}

func record(
    _ number: UInt8, _ direction: TransferDirection, peer: NodeID? = nil, code: Bytes16? = nil, root: String = "/data",
    created: Int64 = 1_000
) -> TransferRecord {
    TransferRecord(
        id: transferID(number), direction: direction, peer: peer, code: code, roots: [bytes(root)], created: created,
        updated: created)
}

/// Files of a manifest: their sizes decide their chunks.
func files(_ sizes: [UInt64], prefix: String = "f") -> [ManifestEntry] {
    var totals = ManifestTotals()
    return sizes.enumerated().map { index, size in
        let entry = ManifestEntry(
            kind: .file, path: bytes("\(prefix)\(index)"), size: size, allocated: size, mode: 0o644, seconds: 5,
            nanoseconds: 6, firstChunk: totals.chunks)
        _ = totals.add(entry)
        return entry
    }
}

func source(_ entries: [ManifestEntry], from first: UInt64 = 0) -> [SourceEntry] {
    entries.enumerated().map { index, entry in
        SourceEntry(
            number: first + UInt64(index), manifest: entry,
            identity: SourceIdentity(device: .max, inode: 1 << 63 | UInt64(index), changed: -7))
    }
}

func chunks(_ numbers: Range<UInt64>) -> [ChunkRecord] {
    numbers.map { ChunkRecord(number: $0, digest: digest($0)) }
}

func group(_ numbers: Range<UInt64>) -> CommitGroup {
    var group = CommitGroup()
    group.chunks = chunks(numbers)
    return group
}

let part = PartIdentity(device: .max, inode: 1 << 63, born: -3)
let receipt = ReceiptRecord(body: [1, 2, 3], signature: [4], publicKey: [5])
/// Bytes of one chunk of a small file.
let chunk: UInt64 = 256 * 1024
