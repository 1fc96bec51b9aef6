import Crypto
import MeshTransfer
import MeshWire
import NIOCore

/// What a hostile sender has to offer: a manifest and the bytes behind it, either of which may lie.
struct Goods: Sendable {
    private(set) var entries: [ManifestEntry] = []
    /// Bytes of the files, by entry.
    private(set) var contents: [UInt64: [UInt8]] = [:]
    private(set) var totals = ManifestTotals()

    mutating func file(_ path: [UInt8], _ bytes: [UInt8]) {
        contents[UInt64(entries.count)] = bytes
        add(
            ManifestEntry(
                kind: .file, path: path, size: UInt64(bytes.count), allocated: UInt64(bytes.count), mode: 0o644,
                seconds: 1_500_000_000))
    }

    mutating func file(_ path: String, _ text: String = "content") { file(Array(path.utf8), Array(text.utf8)) }

    mutating func folder(_ path: String) {
        add(ManifestEntry(kind: .folder, path: Array(path.utf8), mode: 0o755, seconds: 1_500_000_000))
    }

    mutating func link(_ path: String, to target: String) {
        add(
            ManifestEntry(
                kind: .link, path: Array(path.utf8), mode: 0o777, seconds: 1_500_000_000, target: Array(target.utf8)))
    }

    mutating func withdrawal(of number: UInt64) { add(ManifestEntry(kind: .withdrawal, path: [], size: number)) }

    /// An entry whose first chunk is the one that is due.
    mutating func add(_ entry: ManifestEntry) {
        var entry = entry
        entry.firstChunk = totals.chunks
        _ = totals.add(entry)
        entries.append(entry)
    }

    static func of(_ path: String, _ text: String = "content") -> Goods {
        var goods = Goods()
        goods.file(path, text)
        return goods
    }

    static func bytes(_ path: [UInt8]) -> Goods {
        var goods = Goods()
        goods.file(path, Array("content".utf8))
        return goods
    }

    var sums: TransferSums {
        TransferSums(
            entries: totals.entries, files: totals.files, bytes: totals.bytes, allocated: totals.allocated)
    }

    var files: NumberSet {
        NumberSet(entries.indices.filter { entries[$0].kind == .file }.map { UInt64($0)..<UInt64($0) + 1 })
    }

    /// Number and bytes of each chunk.
    var chunks: [(number: UInt64, bytes: ArraySlice<UInt8>)] {
        contents.sorted { $0.key < $1.key }.flatMap { entry, bytes in
            let plan = FilePlan(entry: entry, manifest: entries[Int(entry)])
            return plan.chunks.map { number in
                let (offset, length) = plan.extent(of: number)
                return (number, bytes[Int(offset)..<Int(offset) + length])
            }
        }
    }

    /// All entries from `first` on as pages, in their order.
    func pages(from first: Int = 0) throws -> [DataMessage] {
        var (next, pages) = (first, [DataMessage]())
        while next < entries.count {
            let page = try expected(ManifestPage.encode(Array(entries[next...]), first: UInt64(next)), "a page")
            pages.append(page.message)
            next += page.count
        }
        return pages
    }
}

/// A chunk as it is framed: by the rules, or by others.
enum Framed {
    static func header(
        _ number: UInt64, _ bytes: some Collection<UInt8>, encoding: ChunkEncoding = .raw, rawLength: Int? = nil
    ) -> ChunkHeader {
        ChunkHeader(
            number: number, encoding: encoding, rawLength: rawLength ?? bytes.count, encodedLength: bytes.count,
            digest: Digest(SHA256.hash(data: Array(bytes))))
    }

    /// A chunk as an honest sender lays it out.
    static func chunk(_ header: ChunkHeader, _ payload: some Collection<UInt8>, stream: UInt16 = 1) -> ByteBuffer {
        let payload = Array(payload)
        var buffer = ByteBuffer()
        buffer.writeRepeatingByte(0, count: FrameEncoder.cost(payload: payload.count))
        FrameEncoder.frame(header, stream: stream, in: &buffer, at: 0)
        var next = 0
        for region in FrameEncoder.regions(payload: payload.count) {
            buffer.setBytes(payload[next..<next + region.count], at: region.lowerBound)
            next += region.count
        }
        return buffer
    }

    static func chunk(_ number: UInt64, _ bytes: some Collection<UInt8>, stream: UInt16 = 1) -> ByteBuffer {
        chunk(header(number, bytes), bytes, stream: stream)
    }

    /// The 49 bytes, with numbers that no `ChunkHeader` would hold.
    static func rawHeader(number: UInt64 = 0, encoding: UInt8 = 0, raw: UInt32, encoded: UInt32) -> [UInt8] {
        var buffer = ByteBuffer()
        buffer.writeMultipleIntegers(number, encoding, raw, encoded)
        buffer.writeRepeatingByte(7, count: 32)
        return Array(buffer: buffer)
    }

    /// `count` zeros as a zlib stream: a thousandth of their size.
    static func bomb(_ count: Int) throws -> [UInt8] {
        let plain = [UInt8](repeating: 0, count: count)
        var deflated = [UInt8](repeating: 0, count: count / 500 + 1_024)
        guard var deflater = Deflater(level: 9) else { throw PlayFailure(description: "a deflater") }
        let length = plain.withUnsafeBytes { plain in
            deflated.withUnsafeMutableBytes { deflater.deflate([plain], into: [$0]) }
        }
        return Array(deflated.prefix(try expected(length, "a bomb")))
    }
}
