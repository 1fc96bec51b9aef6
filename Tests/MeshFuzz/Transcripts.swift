import MeshWire
import NIOCore

/// What a lane's decoder makes of a stream that came in pieces.
struct FrameTranscript: Equatable {
    struct Frame: Equatable {
        var kind: FrameKind
        var stream: UInt16
        var header: ChunkHeader?
        var payload: [UInt8]
        var cost = 0
        /// In how many slices the payload lies; not compared, since cuts decide it.
        var slices = 1

        static func == (left: Frame, right: Frame) -> Bool {
            left.kind == right.kind && left.stream == right.stream && left.header == right.header
                && left.payload == right.payload && left.cost == right.cost
        }
    }

    private(set) var frames: [Frame] = []
    private(set) var error: WireError?

    init(of pieces: [[UInt8]], isOpen: Bool) {
        var decoder = FrameDecoder()
        if isOpen { decoder.handshakeCompleted() }
        do throws(WireError) {
            for piece in pieces {
                decoder.feed(ByteBuffer(bytes: piece))
                while let frame = try decoder.next() { frames.append(Frame(frame)) }
            }
        } catch {
            self.error = error
        }
    }

    func keepBounds() throws {
        for frame in frames {
            let limit = frame.header.map(\.encodedLength) ?? Limits.message
            try keep(frame.payload.count <= limit, "a payload is within its limit")
            guard let header = frame.header else { continue }
            try keep(frame.payload.count == header.encodedLength, "a chunk is whole")
            try keep(
                frame.cost == FrameEncoder.cost(payload: header.encodedLength), "a chunk costs what it is laid out as")
            try keep(frame.slices <= 513, "a chunk lies in at most 513 slices")
        }
    }

    /// The same frames as our own encoder lays them out.
    func encoded() -> [UInt8] {
        frames.flatMap { frame -> [UInt8] in
            guard let header = frame.header else {
                let payload = ByteBuffer(bytes: frame.payload)
                return Array(buffer: FrameEncoder.frame(frame.kind, stream: frame.stream, payload: payload))
            }
            var buffer = ByteBuffer(repeating: 0, count: FrameEncoder.cost(payload: frame.payload.count))
            var rest = frame.payload[...]
            for region in FrameEncoder.regions(payload: frame.payload.count) {
                buffer.setBytes(rest.prefix(region.count), at: region.lowerBound)
                rest = rest.dropFirst(region.count)
            }
            FrameEncoder.frame(header, stream: frame.stream, in: &buffer, at: 0)
            return Array(buffer: buffer)
        }
    }
}

extension FrameTranscript.Frame {
    fileprivate init(_ frame: InboundFrame) {
        switch frame {
        case .message(let stream, let payload): self.init(.message, stream, payload)
        case .acknowledgement(let stream, let payload): self.init(.acknowledgement, stream, payload)
        case .handshake(let payload): self.init(.handshake, 0, payload)
        case .test(let payload): self.init(.test, 0, payload)
        case .chunk(let chunk):
            self.init(.fragment, chunk.stream, ByteBuffer(bytes: chunk.payload.flatMap { Array(buffer: $0) }))
            header = chunk.header
            cost = chunk.cost
            slices = chunk.payload.count
        }
    }

    private init(_ kind: FrameKind, _ stream: UInt16, _ payload: ByteBuffer) {
        self.kind = kind
        self.stream = stream
        self.payload = Array(buffer: payload)
    }
}

/// What a control link makes of a stream that came in pieces.
struct ControlTranscript: Equatable {
    private(set) var frames: [ControlFrame] = []
    private(set) var isBroken = false

    init(of pieces: [[UInt8]]) {
        let decoder = LengthPrefixDecoder(what: "control message", limit: Limits.control)
        let processor = NIOSingleStepByteToMessageProcessor(decoder, maximumBufferSize: Limits.control + 4)
        do {
            for piece in pieces {
                try processor.process(buffer: ByteBuffer(bytes: piece)) { message in
                    frames.append(try ControlFrame(reading: Array(buffer: message)))
                }
            }
        } catch {
            isBroken = true
        }
    }
}
