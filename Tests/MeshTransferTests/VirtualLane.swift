import MeshTransfer
import MeshWire
import NIOCore

/// A lane in memory. What is sent on it arrives whole and in order per kind, cut anywhere, or not at all: messages may
/// overtake chunks, as on a real one.
struct VirtualLane {
    /// One way of a lane.
    struct Way {
        private var messages: [ByteBuffer] = []
        /// Fragments, each a frame.
        private var chunks: [ByteBuffer] = []
        private var current = ByteBuffer()
        private var decoder = FrameDecoder()
        private(set) var chunkBytes = 0

        init() { decoder.handshakeCompleted() }

        var isEmpty: Bool { messages.isEmpty && chunks.isEmpty && current.readableBytes == 0 }

        mutating func send(message: ByteBuffer) { messages.append(message) }

        mutating func send(chunks buffer: ByteBuffer) {
            var buffer = buffer
            while let length: UInt32 = buffer.getInteger(at: buffer.readerIndex + 4),
                let frame = buffer.readSlice(length: FrameHeader.size + Int(length))
            {
                chunks.append(frame)
                chunkBytes += frame.readableBytes
            }
        }

        /// What arrives next, and whether a chunk was damaged on the way: `harm` may flip a bit of a fragment.
        mutating func deliver(
            using random: inout Seeded, harm: (inout ByteBuffer, inout Seeded) -> Void
        ) throws -> [InboundFrame] {
            if current.readableBytes == 0 { take(using: &random, harm: harm) }
            let count = random.oneIn(4) ? Int.random(in: 0...current.readableBytes, using: &random) : .max
            guard let slice = current.readSlice(length: min(count, current.readableBytes)) else { return [] }
            decoder.feed(slice)
            var frames: [InboundFrame] = []
            while let frame = try decoder.next() { frames.append(frame) }
            return frames
        }

        private mutating func take(using random: inout Seeded, harm: (inout ByteBuffer, inout Seeded) -> Void) {
            if !messages.isEmpty, chunks.isEmpty || !random.oneIn(3) {
                current = messages.removeFirst()
            } else if !chunks.isEmpty {
                current = chunks.removeFirst()
                chunkBytes -= current.readableBytes
                harm(&current, &random)
            }
        }
    }

    let name: LaneName
    var toReceiver = Way()
    var toSender = Way()
    private var spent: UInt64 = 0
    private var freed: UInt64 = 0
    /// The sides that have not heard of its end yet; it carries nothing while one has.
    var isUp = (sender: true, receiver: true)

    init(_ name: LaneName) { self.name = name }

    var isAlive: Bool { isUp.sender && isUp.receiver }

    var room: SendSession.LaneRoom {
        SendSession.LaneRoom(queued: toReceiver.chunkBytes, credit: Limits.laneCredit - (spent - freed))
    }

    mutating func transmit(_ frames: ByteBuffer) {
        spent += UInt64(frames.readableBytes)
        toReceiver.send(chunks: frames)
    }

    mutating func free(bytes: Int) { freed += UInt64(bytes) }

    /// All that was under way is gone.
    mutating func cut() {
        toReceiver = Way()
        toSender = Way()
    }
}

/// The lanes that are up for one side, and which of them carries its messages.
struct VirtualLaneSet {
    private var names: [LaneName] = []
    private(set) var lead: LaneName?

    mutating func add(_ name: LaneName) {
        names.append(name)
        if lead == nil { lead = name }
    }

    /// Answers whether it carried the messages.
    mutating func remove(_ name: LaneName) -> Bool {
        names.removeAll { $0 == name }
        guard lead == name else { return false }
        lead = names.min { ($0.prime, $0.generation) < ($1.prime, $1.generation) }
        return true
    }
}
