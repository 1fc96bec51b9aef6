package import MeshWire
package import NIOCore

// Stations 2 and 3, downwards: `SendSession` named the pieces; this has `ChunkSource` read them to where the frames
// will lie, hashes and deflates them there, and has `FrameEncoder` write the headers. One job of the thread pool; several
// run in parallel. The lane takes the buffer as it is.
import struct Crypto.SHA256

/// One chunk to be read: a piece of a source file.
package struct ChunkPiece: Hashable, Sendable {
    package var entry: SourceEntry
    package var number: UInt64
    package var offset: UInt64
    package var length: Int

    package init(entry: SourceEntry, number: UInt64, offset: UInt64, length: Int) {
        self.entry = entry
        self.number = number
        self.offset = offset
        self.length = length
    }
}

/// Chunks that were encoded together: framed one after the other in one buffer.
package struct EncodedBatch: Sendable {
    package var records: [ChunkRecord]
    /// Frames of all chunks; its readable bytes are their cost on a lane.
    package var frames: ByteBuffer
    /// Plain bytes of each chunk, in the order of `records`.
    package var lengths: [Int]

    package init(records: [ChunkRecord] = [], frames: ByteBuffer = ByteBuffer(), lengths: [Int] = []) {
        self.records = records
        self.frames = frames
        self.lengths = lengths
    }

    package var cost: Int { frames.readableBytes }
}

/// Reads, hashes, deflates and frames.
package struct ChunkEncoder: ~Copyable {
    /// Bytes that are deflated on trial.
    private static let probeLength = 64 * 1024

    private let stream: UInt16
    private var deflater: Deflater?
    private var prober: Deflater?
    private var level = 0
    /// Digests of runs of zeros by length: holes are many and of few lengths.
    private var zeroDigests: [Int: Digest] = [:]
    private var scratch = ByteBuffer()

    package init(stream: UInt16) {
        self.stream = stream
    }

    /// Encodes `pieces` into one buffer, those of one entry next to each other. After an entry's pieces were read, the file
    /// is compared with what the walk saw: a chunk that leaves was read while the file was still the same, so that no
    /// mixture of two versions can be put together, whenever a piece is read again. Entries that changed or could not be
    /// read are left out and named in `failed`; the others of the batch go on.
    package mutating func encode(
        _ pieces: [ChunkPiece], choice: CompressionChoice, source: some ChunkSource
    ) -> (batch: EncodedBatch, failed: [(entry: SourceEntry, error: DiskError)]) {
        let capacity = pieces.reduce(0) { $0 + FrameEncoder.cost(payload: $1.length) }
        var batch = EncodedBatch(frames: ByteBufferAllocator().buffer(capacity: capacity))
        var failed: [(entry: SourceEntry, error: DiskError)] = []
        batch.records.reserveCapacity(pieces.count)
        var rest = pieces[...]
        while let entry = rest.first?.entry {
            let own = rest.prefix { $0.entry.number == entry.number }
            rest = rest.dropFirst(own.count)
            let mark = (frames: batch.frames.writerIndex, records: batch.records.count)
            do throws(DiskError) {
                for piece in own {
                    batch.records.append(try encode(piece, choice: choice, source: source, into: &batch.frames))
                    batch.lengths.append(piece.length)
                }
                guard try source.isUnchanged(entry) else {
                    throw .changed(path: EntryPath.escaped(entry.manifest.path))
                }
            } catch {
                batch.frames.moveWriterIndex(to: mark.frames)
                batch.records.removeSubrange(mark.records...)
                batch.lengths.removeSubrange(mark.records...)
                failed.append((entry, error))
            }
        }
        return (batch, failed)
    }

    private mutating func encode(
        _ piece: ChunkPiece, choice: CompressionChoice, source: some ChunkSource, into frames: inout ByteBuffer
    ) throws(DiskError) -> ChunkRecord {
        let start = frames.writerIndex
        let cost = FrameEncoder.cost(payload: piece.length)
        // The whole extent is claimed first, so that regions may be set in any order.
        frames.reserveCapacity(minimumWritableBytes: cost)
        frames.moveWriterIndex(forwardBy: cost)
        let (isHole, digest) = try read(piece, source: source, into: &frames, at: start)
        var header = ChunkHeader(
            number: piece.number, encoding: .raw, rawLength: piece.length, encodedLength: piece.length, digest: digest)
        if isHole {
            header.encoding = .zero
            header.encodedLength = 0
        } else if let length = shrink(piece.length, choice: choice, in: &frames, at: start) {
            header.encoding = .zlib
            header.encodedLength = length
        }
        FrameEncoder.frame(header, stream: stream, in: &frames, at: start)
        frames.moveWriterIndex(to: start + FrameEncoder.cost(payload: header.encodedLength))
        return ChunkRecord(number: piece.number, digest: digest)
    }

    /// Reads the piece into the payload regions and hashes it there.
    private mutating func read(
        _ piece: ChunkPiece, source: some ChunkSource, into frames: inout ByteBuffer, at start: Int
    ) throws(DiskError) -> (isHole: Bool, digest: Digest) {
        let result = frames.withUnsafeMutableReadableBytes { bytes -> Result<Digest?, DiskError> in
            let regions = Self.regions(piece.length, of: bytes, at: start)
            do throws(DiskError) {
                if try source.read(piece.entry, offset: piece.offset, into: regions) { return .success(nil) }
            } catch {
                return .failure(error)
            }
            var hasher = SHA256()
            for region in regions { hasher.update(bufferPointer: UnsafeRawBufferPointer(region)) }
            return .success(Digest(hasher.finalize()))
        }
        guard let digest = try result.get() else { return (true, zeroDigest(piece.length)) }
        return (false, digest)
    }

    private static func regions(
        _ length: Int, of bytes: UnsafeMutableRawBufferPointer, at start: Int
    ) -> [UnsafeMutableRawBufferPointer] {
        FrameEncoder.regions(payload: length).map {
            UnsafeMutableRawBufferPointer(rebasing: bytes[start + $0.lowerBound..<start + $0.upperBound])
        }
    }

    /// Deflates the payload in place where `choice` says so and it gets smaller; answers its new length.
    private mutating func shrink(
        _ length: Int, choice: CompressionChoice, in frames: inout ByteBuffer, at start: Int
    ) -> Int? {
        let level: Int
        var limit = length - 1
        switch choice {
        case .raw: return nil
        case .deflate(let wanted): level = wanted
        case .probe(let wanted):
            guard !isNoise(length, frames: frames, at: start) else { return nil }
            if length <= Self.probeLength {
                // As long as a trial would be: it is its own.
                limit = length - length / 10
            } else {
                guard probe(length, frames: frames, at: start) else { return nil }
            }
            level = wanted
        }
        use(level)
        let written = Self.deflate(
            length, limit: limit, with: &deflater, scratch: &scratch, frames: frames, at: start)
        guard let written, written < length else { return nil }
        let output = scratch
        frames.withUnsafeMutableReadableBytes { bytes in
            output.withUnsafeReadableBytes { deflated in
                var taken = 0
                for region in Self.regions(written, of: bytes, at: start) {
                    region.copyMemory(from: UnsafeRawBufferPointer(rebasing: deflated[taken..<taken + region.count]))
                    taken += region.count
                }
            }
        }
        return written
    }

    /// True where the first 64 KiB shrink by a tenth or more.
    private mutating func probe(_ length: Int, frames: ByteBuffer, at start: Int) -> Bool {
        let count = min(length, Self.probeLength)
        if prober == nil { prober = Deflater(level: 1) }
        let limit = count - count / 10
        return Self.deflate(count, limit: limit, with: &prober, scratch: &scratch, frames: frames, at: start) != nil
    }

    /// Whether the chunk's beginning has the looks of noise.
    private func isNoise(_ length: Int, frames: ByteBuffer, at start: Int) -> Bool {
        frames.withUnsafeReadableBytes { bytes in
            guard let first = FrameEncoder.regions(payload: min(length, Self.probeLength)).first else { return false }
            return ByteSpread.isEven(
                UnsafeRawBufferPointer(rebasing: bytes[start + first.lowerBound..<start + first.upperBound]))
        }
    }

    private mutating func use(_ level: Int) {
        guard deflater == nil || self.level != level else { return }
        deflater = Deflater(level: level)
        self.level = level
    }

    /// Deflates the first `count` plain bytes into `scratch`; nil where the result would exceed `limit` bytes.
    private static func deflate(
        _ count: Int, limit: Int, with deflater: inout Deflater?, scratch: inout ByteBuffer, frames: ByteBuffer,
        at start: Int
    ) -> Int? {
        guard limit > 0 else { return nil }
        scratch.clear(minimumCapacity: limit)
        var written: Int?
        frames.withUnsafeReadableBytes { bytes in
            let input = FrameEncoder.regions(payload: count).map {
                UnsafeRawBufferPointer(rebasing: bytes[start + $0.lowerBound..<start + $0.upperBound])
            }
            scratch.writeWithUnsafeMutableBytes(minimumWritableBytes: limit) { target in
                let region = UnsafeMutableRawBufferPointer(rebasing: target.prefix(limit))
                written = deflater?.deflate(input, into: [region])
                return written ?? 0
            }
        }
        return written
    }

    private mutating func zeroDigest(_ length: Int) -> Digest {
        if let known = zeroDigests[length] { return known }
        if zeroDigests.count >= 64 { zeroDigests.removeAll() }
        let digest = ZeroRun.digest(length)
        zeroDigests[length] = digest
        return digest
    }
}

/// Runs of zero bytes: what holes read as.
package enum ZeroRun {
    package static func digest(_ length: Int) -> Digest {
        let zeros = [UInt8](repeating: 0, count: 64 * 1024)
        var hasher = SHA256()
        var rest = length
        while rest > 0 {
            let count = min(rest, zeros.count)
            zeros.withUnsafeBytes { hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
            rest -= count
        }
        return Digest(hasher.finalize())
    }
}
