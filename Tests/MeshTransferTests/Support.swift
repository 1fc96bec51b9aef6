// What the transcripts of this target are made of: lanes, manifests, chunks, and instructions as lines of text.
import MeshTransfer
import MeshWire
import NIOCore

import struct Crypto.SHA256

/// Plain bytes of a chunk of a small file.
let chunkSize: UInt64 = 256 * 1024
/// One second in nanoseconds.
let second: UInt64 = 1_000_000_000

func lane(_ prime: UInt16, generation: UInt32 = 0) -> LaneName {
    LaneName(channel: ChannelID(Bytes16()), epoch: 0, prime: prime, generation: generation)
}

let laneA = lane(1009)
let laneB = lane(1013)

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A digest that tells which chunk it belongs to.
func digest(_ number: UInt64) -> Digest {
    Digest((0..<32).map { UInt8(truncatingIfNeeded: number >> (UInt64($0 % 8) * 8)) &+ UInt8($0) })!
}

/// Files `f0`, `f1`, … of these sizes.
func manifest(_ sizes: [UInt64]) -> [ManifestEntry] {
    var totals = ManifestTotals()
    return sizes.enumerated().map { index, size in
        let entry = ManifestEntry(
            kind: .file, path: bytes("f\(index)"), size: size, allocated: size, mode: 0o644, firstChunk: totals.chunks)
        _ = totals.add(entry)
        return entry
    }
}

func totals(_ entries: [ManifestEntry]) -> ManifestTotals {
    var totals = ManifestTotals()
    for entry in entries { _ = totals.add(entry) }
    return totals
}

func sources(_ sizes: [UInt64]) -> [SourceEntry] {
    manifest(sizes).enumerated().map { index, entry in
        SourceEntry(
            number: UInt64(index), manifest: entry,
            identity: SourceIdentity(device: 1, inode: UInt64(index), changed: 0))
    }
}

func received(_ sizes: [UInt64]) -> [ReceivedEntry] {
    manifest(sizes).enumerated().map { ReceivedEntry(number: UInt64($0.offset), manifest: $0.element) }
}

func part(_ number: UInt64) -> PartIdentity { PartIdentity(device: 1, inode: 100 + number, born: 5) }

/// Chunks encoded as holes, so that each costs a header: 57 bytes.
func batch(_ numbers: Range<UInt64>, rawLength: Int = 1) -> EncodedBatch {
    var batch = EncodedBatch()
    for number in numbers {
        let header = ChunkHeader(
            number: number, encoding: .zero, rawLength: rawLength, encodedLength: 0, digest: digest(number))
        let start = batch.frames.writerIndex
        batch.frames.writeRepeatingByte(0, count: headerCost)
        FrameEncoder.frame(header, stream: 1, in: &batch.frames, at: start)
        batch.records.append(ChunkRecord(number: number, digest: digest(number)))
        batch.lengths.append(rawLength)
    }
    return batch
}

let headerCost = FrameEncoder.cost(payload: 0)

/// A hole as it arrives.
func arrival(_ number: UInt64, rawLength: Int) -> InboundChunk {
    let header = ChunkHeader(
        number: number, encoding: .zero, rawLength: rawLength, encodedLength: 0, digest: digest(number))
    return InboundChunk(stream: 1, header: header, payload: [], cost: headerCost)
}

extension RangeSet where Bound == UInt64 {
    /// `0-2,7`: ranges with both ends in them.
    var text: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound - 1)" }
            .joined(separator: ",")
    }

    init(_ numbers: some Sequence<UInt64>) { self.init(numbers.map { $0..<$0 + 1 }) }
}

func set(_ numbers: UInt64...) -> NumberSet { NumberSet(numbers) }

extension [UInt8] {
    var sha256: Digest { Digest(SHA256.hash(data: self)) }
}
