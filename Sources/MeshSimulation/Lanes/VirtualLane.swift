import MeshChannel
import MeshWire
import NIOCore

/// A lane in memory: the outboxes, decoders and credit of real ones, and between them bytes that arrive in order, cut
/// anywhere, or not at all.
struct VirtualLane {
    /// What one side knows of the lane.
    enum Standing {
        case opening
        case up
        case gone
    }

    /// What a delivery brought, apart from credit, which the lane keeps to itself.
    enum Arrival {
        case frame(InboundFrame)
        case echo(UInt64)
        case drain
        /// The peer gave credit back: new work may go to this lane.
        case room
    }

    private struct End {
        var outbox = LaneOutbox()
        var decoder = FrameDecoder()
        var creditOut = LaneCreditOut()
        var creditIn = LaneCreditIn()
        var standing = Standing.opening
        /// Handed to the wire by the other side and not yet read here.
        var wire = ByteBuffer()

        init() { decoder.handshakeCompleted() }
    }

    let name: LaneName
    private var ends = Both(End(), End())
    /// What the lane's sender hears of the network: whatever a link may be like, and it may change.
    private(set) var share = NetworkShare.awaited
    /// Nothing arrives before this time, nanoseconds.
    var stalledUntil: UInt64 = 0

    init(_ name: LaneName) { self.name = name }

    func standing(_ side: Side) -> Standing { ends[side].standing }
    mutating func stand(_ side: Side, _ standing: Standing) { ends[side].standing = standing }
    var isOver: Bool { ends.sender.standing == .gone && ends.receiver.standing == .gone }

    /// Chunk bytes that wait, and chunk bytes that may still be given to it.
    func room(_ side: Side) -> (queued: Int, credit: UInt64) {
        (ends[side].outbox.queuedChunkBytes, ends[side].creditOut.available)
    }

    /// Bytes of chunk frames that the receiving end holds and has not freed.
    func held(_ side: Side) -> UInt64 { ends[side].creditIn.received - ends[side].creditIn.freed }

    // MARK: what leaves

    mutating func send(_ frame: ByteBuffer, from side: Side) throws(LaneOutboxError) {
        try ends[side].outbox.enqueue(message: frame)
    }

    mutating func send(_ test: ChannelTest, from side: Side) throws(LaneOutboxError) {
        try send(FrameEncoder.frame(.test, stream: 0, payload: test.encoded()), from: side)
    }

    /// False where the credit does not allow it: a breach.
    mutating func transmit(_ frames: ByteBuffer, from side: Side) -> Bool {
        guard ends[side].creditOut.spend(frames.readableBytes) else { return false }
        ends[side].outbox.enqueue(chunk: frames)
        return true
    }

    mutating func free(_ bytes: Int, at side: Side) throws(LaneOutboxError) {
        if let credit = ends[side].creditIn.freed(bytes) { try send(credit, from: side) }
    }

    // MARK: what arrives

    func hasMail(for side: Side, now: UInt64) -> Bool {
        guard ends[side].standing == .up, now >= stalledUntil else { return false }
        return ends[side].wire.readableBytes > 0 || !ends[side.other].outbox.isIdle
    }

    /// Some bytes arrive at `side`. `harm` may change a fragment's last byte on its way.
    mutating func deliver(
        to side: Side, using random: inout Seeded, harm: (inout ByteBuffer) -> Void
    ) throws -> [Arrival] {
        if random.oneIn(8) { share = random.oneIn(6) ? .untold : .told(Double.random(in: 0...1, using: &random)) }
        if ends[side].wire.readableBytes == 0, var next = ends[side.other].outbox.next() {
            ends[side.other].outbox.written(next.readableBytes)
            harm(&next)
            ends[side].wire = next
        }
        let waiting = ends[side].wire.readableBytes
        let count = random.oneIn(4) ? Int.random(in: 0...waiting, using: &random) : waiting
        guard let slice = ends[side].wire.readSlice(length: count), count > 0 else { return [] }
        ends[side].decoder.feed(slice)
        var arrivals: [Arrival] = []
        while let frame = try ends[side].decoder.next() {
            if let arrival = try take(frame, at: side) { arrivals.append(arrival) }
        }
        return arrivals
    }

    private mutating func take(_ frame: InboundFrame, at side: Side) throws -> Arrival? {
        switch frame {
        case .chunk(let chunk): try ends[side].creditIn.received(chunk.cost)
        case .message, .acknowledgement: break
        case .handshake: throw WireError.invalid("handshake on an open lane")
        case .test(let payload):
            switch try ChannelTest(reading: payload) {
            case .probe(let number, let sent):
                if let credit = ends[side].creditIn.idle() { try send(credit, from: side) }
                try send(.echo(number: number, sent: sent), from: side)
                return nil
            case .echo(let number, _): return .echo(number)
            case .credit(let freed):
                try ends[side].creditOut.freed(freed)
                return .room
            case .drain: return .drain
            }
        }
        return .frame(frame)
    }

    /// All that was under way is gone.
    mutating func cut() {
        for side in Side.allCases {
            ends[side].outbox = LaneOutbox()
            ends[side].wire = ByteBuffer()
        }
    }
}
