import MeshControl
import MeshWire
import NIOCore

// What crosses lanes: frames cut out of a stream, and the messages in them.
extension FuzzedDecoder {
    static let wire = [
        frames, frameHeader, chunkHeader, dataMessage, numberRanges, laneHandshake, channelTest, manifestEntry, receipt,
        discoveryMessage, controlFrame, controlStream,
    ]

    /// First byte: odd after the handshake; second: where the stream is cut. The rest is the stream.
    private static let frames = FuzzedDecoder("frames") {
        let recorded = try Recording.shared.get().lane
        return [[1, 0] + recorded, [1, 7] + recorded, [0, 1] + (try Recording.shared.get().handshake)]
    } body: { bytes in
        guard bytes.count >= 2 else { throw Refused() }
        var cuts = Cuts(bytes[1])
        let isOpen = bytes[0] & 1 == 1
        let whole = FrameTranscript(of: [Array(bytes[2...])], isOpen: isOpen)
        let cut = FrameTranscript(of: cuts.pieces(of: bytes[2...]), isOpen: isOpen)
        try keep(whole == cut, "a stream that is cut elsewhere gives the same frames")
        try whole.keepBounds()
        try keep(
            FrameTranscript(of: [whole.encoded()], isOpen: isOpen).frames == whole.frames,
            "frames are encoded into the same frames")
        if let error = whole.error { throw error }
    }

    private static let frameHeader = FuzzedDecoder(
        "frame-header",
        seeds: { try Recording.shared.get().pieces(.frameHeader) },
        decode: { bytes in
            var buffer = ByteBuffer(bytes: bytes)
            return try FrameHeader(reading: &buffer, limit: Limits.message)
        },
        encode: { header in
            var buffer = ByteBuffer()
            header.write(into: &buffer)
            return Array(buffer: buffer)
        },
        promise: { try keep($0.length <= Limits.message, "a payload is within its limit") })

    private static let chunkHeader = FuzzedDecoder(
        "chunk-header",
        seeds: { try Recording.shared.get().pieces(.chunkHeader) },
        decode: { bytes in
            var buffer = ByteBuffer(bytes: bytes)
            return try ChunkHeader(reading: &buffer)
        },
        encode: { header in
            var buffer = ByteBuffer(repeating: 0, count: ChunkHeader.size)
            header.set(in: &buffer, at: 0)
            return Array(buffer: buffer)
        },
        promise: {
            try keep($0.number < Limits.chunks && $0.rawLength <= Limits.chunk, "a chunk is within its limits")
            try keep($0.encodedLength <= $0.rawLength && $0.rawLength > 0, "a payload is no longer than its chunk")
        })

    private static let dataMessage = FuzzedDecoder(
        "data-message",
        seeds: { try Recording.shared.get().pieces(.message) },
        decode: { try DataMessage(reading: ByteBuffer(bytes: $0)) },
        encode: { Array(buffer: $0.encoded()) },
        promise: { try $0.keepBounds() })

    private static let numberRanges = FuzzedDecoder(
        "number-ranges",
        seeds: { try Recording.shared.get().pieces(.numbers) },
        decode: { bytes in
            var buffer = ByteBuffer(bytes: bytes)
            return try buffer.wireNumbers("number", bound: Limits.chunks)
        },
        encode: { numbers in
            var buffer = ByteBuffer()
            buffer.writeNumbers(numbers)
            return Array(buffer: buffer)
        },
        promise: { try $0.keepBounds(below: Limits.chunks) })

    private static let laneHandshake = FuzzedDecoder(
        "lane-handshake",
        seeds: { try Recording.shared.get().pieces(.handshake) },
        decode: { try LaneHandshake(reading: ByteBuffer(bytes: $0)) },
        encode: { Array(buffer: $0.encoded()) },
        promise: {
            try keep($0.encoded().readableBytes + FrameHeader.size <= Limits.beforeHandshake, "it fits its frame")
        })

    private static let channelTest = FuzzedDecoder(
        "channel-test",
        seeds: { try Recording.shared.get().pieces(.test) },
        decode: { try ChannelTest(reading: ByteBuffer(bytes: $0)) },
        encode: { Array(buffer: $0.encoded()) })

    private static let manifestEntry = FuzzedDecoder(
        "manifest-entry",
        seeds: { try Recording.shared.get().pieces(.entry) },
        decode: { bytes in
            var buffer = ByteBuffer(bytes: bytes)
            return try ManifestEntry(reading: &buffer)
        },
        encode: { entry in
            var buffer = ByteBuffer()
            entry.write(into: &buffer)
            return Array(buffer: buffer)
        },
        promise: { try $0.keepBounds() })

    private static let receipt = FuzzedDecoder("receipt") {
        try Recording.shared.get().pieces(.receipt)
    } body: {
        let receipt = try Receipt(reading: $0)
        try keep(receipt.encoded() == $0, "a receipt has one spelling, which is the signed one")
    }

    private static let discoveryMessage = FuzzedDecoder(
        "discovery-message",
        seeds: { try Recording.shared.get().pieces(.discovery) },
        decode: { try DiscoveryMessage(reading: ByteBuffer(bytes: $0)) },
        encode: { Array(buffer: $0.encoded()) })

    private static let controlFrame = FuzzedDecoder(
        "control-frame",
        seeds: { try Recording.shared.get().pieces(.control) },
        decode: { try ControlFrame(reading: $0) },
        encode: { try $0.encoded() },
        promise: { frame in
            guard case .sync(let sync) = frame.message else { return }
            var filter = ClockFilter()
            _ = filter.ask(at: sync.origin)
            _ = filter.heard(sync, at: frame.time)
        })

    /// First byte: where the stream is cut.
    private static let controlStream = FuzzedDecoder("control-stream") {
        let frames = try Recording.shared.get().pieces(.control)
        return [[5] + frames.flatMap { Array(buffer: ByteBuffer(lengthPrefixed: $0)) }]
    } body: { bytes in
        var cuts = Cuts(try bytes.first.orRefused())
        let whole = ControlTranscript(of: [Array(bytes.dropFirst())])
        try keep(whole == ControlTranscript(of: cuts.pieces(of: bytes.dropFirst())), "cuts change no message")
        if whole.isBroken || whole.frames.isEmpty { throw Refused() }
    }
}

extension NumberSet {
    func keepBounds(below bound: UInt64) throws {
        try keep(ranges.count <= Limits.ranges, "ranges are within their limit")
        try keep(ranges.last.map { $0.upperBound <= bound } ?? true, "numbers are within their bound")
    }
}

extension DataMessage {
    func keepBounds() throws {
        switch self {
        case .manifestPage(let first, let count, let rawLength, _):
            try keep(first <= Limits.entries && count <= Limits.page && rawLength <= Limits.page, "a page is bounded")
        case .want(let chunks, let seals):
            try chunks.keepBounds(below: Limits.chunks)
            try seals.keepBounds(below: Limits.entries)
        case .damaged(let chunks), .held(let chunks): try chunks.keepBounds(below: Limits.chunks)
        case .sealed(let entries): try entries.keepBounds(below: Limits.entries)
        case .skipped(_, let entries, let chunks):
            try entries.keepBounds(below: Limits.entries)
            try chunks.keepBounds(below: Limits.chunks)
        case .receipt(let body, let signature):
            try keep(body.count <= Limits.receipt && signature.count <= 256, "a receipt is within its limit")
        case .length(let entry, let size):
            try keep(entry <= Limits.entries, "an entry's number is bounded")
            try keep(size <= Limits.openRoom * UInt64(Limits.openChunk), "a length is bounded")
        case .manifestEnd, .manifestKept, .manifestAgain, .received, .failed: break
        }
    }
}

extension ManifestEntry {
    func keepBounds() throws {
        try keep(path.count <= Limits.path && target.count <= Limits.path, "names are within their limit")
        try keep(mode <= 0o777 && nanoseconds < 1_000_000_000 && size <= UInt64(Int64.max), "numbers are, too")
        try keep(firstChunk <= Limits.chunks, "the first chunk is a chunk")
    }
}
