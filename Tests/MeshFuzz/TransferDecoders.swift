import MeshTransfer
import MeshWire
import NIOCore

// What a transfer inflates: pages of its manifest, and chunks.
extension FuzzedDecoder {
    static let transfers = [manifestPage, manifestEntries, inflate, chunk]

    /// Count (2 bytes) and plain length (3 bytes), then the deflated page.
    private static let manifestPage = FuzzedDecoder("manifest-page") {
        try Recording.shared.get().pages
    } body: { bytes in
        var buffer = ByteBuffer(bytes: bytes)
        let count = Int(try buffer.readInteger(as: UInt16.self).orRefused())
        let high = Int(try buffer.readInteger(as: UInt8.self).orRefused())
        let low = Int(try buffer.readInteger(as: UInt16.self).orRefused())
        try take(page: buffer, count: count, rawLength: high << 16 | low)
    }

    /// Count (2 bytes), then the plain encodings: what lies behind a page's deflate stream.
    private static let manifestEntries = FuzzedDecoder("manifest-entries") {
        let entries = try Recording.shared.get().pieces(.entry)
        return [[0, UInt8(entries.count)] + entries.flatMap { $0 }]
    } body: { bytes in
        guard bytes.count >= 2 else { throw Refused() }
        let plain = Array(bytes.dropFirst(2))
        let page = ByteBuffer(bytes: try deflated(plain))
        try take(page: page, count: Int(bytes[0]) << 8 | Int(bytes[1]), rawLength: plain.count)
    }

    private static func take(page: ByteBuffer, count: Int, rawLength: Int) throws {
        let entries = try ManifestPage.decode(count: count, rawLength: rawLength, deflated: page)
        try keep(entries.count == count && count <= ManifestPage.entryLimit, "a page has the entries that it counts")
        for entry in entries {
            try entry.keepBounds()
            try keep(entry.hasSoundPath && entry.hasSoundSize, "an entry is what its kind says")
            guard entry.kind != .withdrawal, entry.kind != .omission else { continue }
            let path = try kept("a path leads nowhere else") { try EntryPath(entry.path) }
            try keep(!path.isReserved, "no entry has the name of a part")
        }
        var totals = ManifestTotals()
        _ = entries.allSatisfy { totals.add($0) }
        try keep(totals.entries <= UInt64(entries.count) && totals.chunks <= Limits.chunks << 1, "totals are sums")
        guard
            case .manifestPage(_, let again, let length, let deflated)? = ManifestPage.encode(entries, first: 0)?
                .message
        else { return }
        let second = try kept("a page is encoded into a page") {
            try ManifestPage.decode(count: again, rawLength: length, deflated: deflated)
        }
        try keep(second == Array(entries.prefix(again)), "a page is encoded into the same entries")
    }

    /// The bound (2 bytes), where the stream is cut (1 byte), the stream. Memory behind the bound stays as it was.
    private static let inflate = FuzzedDecoder("inflate") {
        let plain = [UInt8]((0..<700).map { UInt8($0 % 41) })
        return [
            [UInt8(plain.count >> 8), UInt8(plain.count & 255), 3] + (try deflated(plain)),
            [0, 0, 0] + (try deflated([])),
        ]
    } body: { bytes in
        guard bytes.count >= 3 else { throw Refused() }
        let bound = Int(bytes[0]) << 8 | Int(bytes[1])
        var cuts = Cuts(bytes[2])
        let whole = inflated([Array(bytes[3...])], bound)
        let cut = inflated(cuts.pieces(of: bytes[3...]), bound)
        try keep(whole.isUntouched && cut.isUntouched, "inflating stops at its bound")
        try keep(whole.plain == cut.plain, "a stream that is cut elsewhere inflates alike")
        let plain = try whole.plain.orRefused()
        try keep(inflated([try deflated(plain)], bound).plain == plain, "what was inflated can be deflated and back")
    }

    private static func inflated(_ pieces: [[UInt8]], _ bound: Int) -> (plain: [UInt8]?, isUntouched: Bool) {
        guard var inflater = Inflater() else { return (nil, true) }
        var room = [UInt8](repeating: 0xa5, count: bound + 64)
        let input = pieces.map { piece in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
            copy.copyBytes(from: piece)
            return UnsafeRawBufferPointer(copy)
        }
        defer { for piece in input { piece.deallocate() } }
        let isWhole = room.withUnsafeMutableBytes { inflater.inflate(input, into: .init(rebasing: $0.prefix(bound))) }
        return (isWhole ? Array(room.prefix(bound)) : nil, room.suffix(64).allSatisfy { $0 == 0xa5 })
    }

    private static func deflated(_ plain: [UInt8]) throws -> [UInt8] {
        guard var deflater = Deflater(level: 6) else { throw Refused() }
        var room = [UInt8](repeating: 0, count: plain.count + plain.count / 1_000 + 64)
        let count = plain.withUnsafeBytes { plain in
            room.withUnsafeMutableBytes { deflater.deflate([plain], into: [$0]) }
        }
        return Array(room.prefix(try count.orRefused()))
    }

    /// Where the payload is cut (1 byte), then a chunk's header and payload as they arrive.
    private static let chunk = FuzzedDecoder("chunk") {
        try Recording.shared.get().chunks.map { [2] + $0 }
    } body: { bytes in
        guard bytes.count > 1 else { throw Refused() }
        var buffer = ByteBuffer(bytes: bytes.dropFirst())
        let header = try ChunkHeader(reading: &buffer)
        guard buffer.readableBytes == header.encodedLength else { throw Refused() }
        var cuts = Cuts(bytes[0])
        let payload = cuts.pieces(of: Array(buffer: buffer)[...]).map { ByteBuffer(bytes: $0) }
        let chunk = InboundChunk(stream: 1, header: header, payload: payload, cost: bytes.count)
        let manifest = ManifestEntry(kind: .file, path: [0x66], size: UInt64(header.rawLength))
        let lane = LaneName(channel: ChannelID(Bytes16()), epoch: 1, prime: 1009, generation: 1)
        let arrival = ChunkArrival(
            entry: ReceivedEntry(number: 0, manifest: manifest), offset: 0, chunk: chunk, lane: lane)
        let sink = CheckingSink()
        var decoder = ChunkDecoder()
        guard case .written = decoder.store(arrival, sink: sink) else { throw Refused() }
        try keep(
            sink.digest == header.digest && sink.length == header.rawLength, "what is written is what was promised")
    }
}
