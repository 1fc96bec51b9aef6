import MeshSimulation
import MeshTransfer
import MeshWire
import NIOCore
import Testing

import struct Crypto.SHA256

/// The way of a chunk from a source to a sink: `ChunkEncoder`, the frames, `ChunkDecoder`.
@Suite struct ChunkCodingTests {
    private let source = SimulatedDisk()
    private let sink = SimulatedDisk()

    /// Entries of the files put into `source`, numbered in their order.
    private func entries(_ files: [[UInt8]]) -> [SourceEntry] {
        var totals = ManifestTotals()
        return files.enumerated().map { index, content in
            source.put(bytes("f\(index)"), content)
            var entry = source.entry(bytes("f\(index)"))!
            entry.number = UInt64(index)
            entry.manifest.firstChunk = totals.chunks
            _ = totals.add(entry.manifest)
            return entry
        }
    }

    private func pieces(_ entry: SourceEntry) -> [ChunkPiece] {
        let plan = FilePlan(entry: entry.number, manifest: entry.manifest)
        return plan.chunks.map { number in
            let (offset, length) = plan.extent(of: number)
            return ChunkPiece(entry: entry, number: number, offset: offset, length: length)
        }
    }

    /// The batch's chunks as a lane would deliver them, read in slices of `slice` bytes.
    private func arrivals(_ batch: EncodedBatch, slice: Int = 16_384) throws -> [InboundChunk] {
        var decoder = FrameDecoder()
        decoder.handshakeCompleted()
        var chunks: [InboundChunk] = []
        var frames = batch.frames
        while let bytes = frames.readSlice(length: min(slice, frames.readableBytes)), bytes.readableBytes > 0 {
            decoder.feed(bytes)
            while case .chunk(let chunk) = try decoder.next() { chunks.append(chunk) }
        }
        return chunks
    }

    private func store(_ chunk: InboundChunk, of entry: SourceEntry) -> StoreOutcome {
        let received = ReceivedEntry(number: entry.number, manifest: entry.manifest)
        let offset = FilePlan(entry: entry.number, manifest: entry.manifest).extent(of: chunk.header.number).offset
        var decoder = ChunkDecoder()
        return decoder.store(ChunkArrival(entry: received, offset: offset, chunk: chunk, lane: laneA), sink: sink)
    }

    private func text(_ count: Int) -> [UInt8] {
        Array(bytes(String(repeating: "all work and no play ", count: count / 21 + 1)).prefix(count))
    }

    private func noise(_ count: Int) -> [UInt8] {
        var random = Seeded(5)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    private func encode(_ pieces: [ChunkPiece], _ choice: CompressionChoice) -> EncodedBatch {
        var encoder = ChunkEncoder(stream: 1)
        let (batch, failed) = encoder.encode(pieces, choice: choice, source: source)
        #expect(failed.isEmpty)
        return batch
    }

    private static let cases: [(name: String, choice: CompressionChoice, content: Int, encoding: ChunkEncoding)] = [
        ("text, raw", .raw, 0, .raw), ("text, deflated", .deflate(level: 6), 0, .zlib),
        ("text, probed", .probe(level: 1), 0, .zlib), ("noise, deflated", .deflate(level: 9), 1, .raw),
        ("noise, probed", .probe(level: 9), 1, .raw), ("a hole", .deflate(level: 6), 2, .zero),
        ("noise, then text: the probe sees the noise", .probe(level: 6), 3, .raw),
    ]

    @Test(arguments: cases) func aFileArrivesAsItWas(
        name: String, choice: CompressionChoice, content: Int, encoding: ChunkEncoding
    ) throws {
        let size = 200_000
        let contents = [text(size), noise(size), [UInt8](repeating: 0, count: size), noise(70_000) + text(130_000)]
        let entry = entries([contents[content]])[0]
        let batch = encode(pieces(entry), choice)
        #expect(batch.lengths == [size])
        #expect(batch.records.map(\.digest) == [Digest(SHA256.hash(data: contents[content]))])
        for slice in [100, 16_384, Int.max] {
            let chunks = try arrivals(batch, slice: slice)
            #expect(chunks.map(\.header.encoding) == [encoding])
            #expect(chunks.map(\.cost) == [batch.cost])
            for chunk in chunks {
                guard case .written = store(chunk, of: entry) else { return #expect(Bool(false), "\(slice)") }
            }
            #expect(sink.part(0) == contents[content])
        }
    }

    /// A chunk no longer than a trial is deflated at once, and kept so where a tenth is saved.
    @Test(arguments: [100, 5_000, 65_536]) func aShortChunkIsItsOwnTrial(size: Int) throws {
        var random = Seeded(6)
        // 200 of 256 values: Huffman's code saves 4 %.
        let dense = (0..<size).map { _ in UInt8.random(in: 0..<200, using: &random) }
        let all = entries([text(size), dense, noise(size)])
        let encodings = { (choice: CompressionChoice) in
            try self.arrivals(self.encode(all.flatMap(self.pieces), choice)).map(\.header.encoding)
        }
        #expect(try encodings(.probe(level: 6)) == [.zlib, .raw, .raw])
        #expect(try encodings(.deflate(level: 6)) == (size > 1_000 ? [.zlib, .zlib, .raw] : [.zlib, .raw, .raw]))
    }

    @Test(arguments: [1, 100, 131_022, 131_023, 131_024, 262_144])
    func everyLengthAroundAFragmentsEndFits(size: Int) throws {
        let entry = entries([noise(size)])[0]
        let batch = encode(pieces(entry), .raw)
        #expect(batch.cost == FrameEncoder.cost(payload: size))
        guard case .written = store(try arrivals(batch)[0], of: entry) else { return #expect(Bool(false)) }
        #expect(sink.part(0) == noise(size))
    }

    @Test func manyChunksShareABatch() throws {
        let contents = [text(600_000), text(1), noise(3)]
        let all = entries(contents)
        let batch = encode(all.flatMap(pieces), .deflate(level: 1))
        #expect(batch.records.map(\.number) == [0, 1, 2, 3, 4])
        let chunks = try arrivals(batch)
        #expect(chunks.map(\.header.number) == [0, 1, 2, 3, 4])
        for chunk in chunks {
            let entry = all[chunk.header.number < 3 ? 0 : Int(chunk.header.number) - 2]
            guard case .written = store(chunk, of: entry) else { return #expect(Bool(false)) }
        }
        for (number, content) in contents.enumerated() {
            #expect(sink.part(UInt64(number)) == content)
        }
    }

    @Test func aFailedReadLeavesItsEntryOutAndTheOthersIn() throws {
        let all = entries([text(600_000), text(10), text(20)])
        source.failReads(bytes("f1"), count: 1)
        source.put(bytes("f0"), text(600_000))
        var encoder = ChunkEncoder(stream: 1)
        let (batch, failed) = encoder.encode(all.flatMap(pieces), choice: .raw, source: source)
        #expect(failed.map(\.entry.number) == [0, 1])
        #expect(failed.map(\.error) == [.changed(path: "f0"), .failed(path: "f1", operation: "read", errno: 5)])
        #expect(batch.records.map(\.number) == [4])
        #expect(try arrivals(batch).map(\.header.number) == [4])
        #expect(batch.lengths.reduce(0, +) == 20)
    }

    @Test func everyDamageOfAPayloadIsFound() throws {
        let entry = entries([text(1_000)])[0]
        for choice in [CompressionChoice.raw, .deflate(level: 6)] {
            let chunk = try arrivals(encode(pieces(entry), choice))[0]
            let length = chunk.header.encodedLength
            // The header of a zlib stream has bits that mean nothing to its content.
            for index in stride(from: 2, to: length, by: max(1, length / 50)) {
                var damaged = chunk
                let byte: UInt8 = damaged.payload[0].getInteger(at: damaged.payload[0].readerIndex + index)!
                damaged.payload[0].setInteger(byte ^ 1, at: damaged.payload[0].readerIndex + index)
                #expect(store(damaged, of: entry) == .corrupt)
            }
            var other = chunk
            other.header.digest = digest(1)
            #expect(store(other, of: entry) == .corrupt)
            #expect(sink.partNumbers == [])
        }
    }

    @Test func aHoleThatIsNoneIsCorrupt() {
        let entry = entries([[UInt8](repeating: 0, count: 100)])[0]
        var hole = arrival(0, rawLength: 100)
        #expect(store(hole, of: entry) == .corrupt)
        hole.header.digest = ZeroRun.digest(100)
        guard case .written = store(hole, of: entry) else { return #expect(Bool(false)) }
        #expect(sink.part(0) == [UInt8](repeating: 0, count: 100))
    }

    @Test func aStreamThatInflatesToMoreOrLessIsCorrupt() throws {
        let entry = entries([text(1_000)])[0]
        let chunk = try arrivals(encode(pieces(entry), .deflate(level: 6)))[0]
        for length in [1, 999, 1_001, 4 * 1024 * 1024] {
            var other = chunk
            other.header.rawLength = length
            #expect(store(other, of: entry) == .corrupt)
        }
    }

    @Test func whatTheDiskRefusesIsSaid() throws {
        let entry = entries([text(10)])[0]
        sink.refuseWrites(1)
        #expect(store(try arrivals(encode(pieces(entry), .raw))[0], of: entry) == .failed(.full(path: "f0")))
    }

    @Test func digestsOfRunsOfZeros() {
        #expect(ZeroRun.digest(4).hex == "df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119")
        #expect(ZeroRun.digest(65_537).hex == "3266304f31be278d06c3bd3eb9aa3e00c59bedec0a890de466568b0b90b0e01f")
    }
}
