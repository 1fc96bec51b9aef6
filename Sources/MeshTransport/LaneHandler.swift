// Station 5, both ways: the TLS connection of one lane. Downwards `LaneOutbox` (MeshChannel) decides what leaves next,
// upwards `FrameDecoder` (MeshWire) cuts what arrives; the consumer of `LaneEvents` (PrimeMesh) carries batches on.
import MeshChannel
import MeshWire
import NIOCore

/// One lane on its event loop. All methods are called there.
final class LaneHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Below this many chunk bytes waiting, the consumer is told that there is room: 1.2 ms of 800 MiB/s.
    static let lowWater = 1024 * 1024
    /// Slices written in one go before the loop's other connections have their turn: 1 MiB.
    private static let slicesPerTurn = 8
    /// Probes that may be unanswered.
    private static let probeLimit = 16

    private enum Opening {
        /// Handshake frames come out one by one; `held` waits until the last one was followed.
        case underWay(held: CircularBuffer<ByteBuffer>, isPaused: Bool, limit: Scheduled<Void>?)
        case done
    }

    private let mailbox: LaneMailbox
    private let ledger: LaneLedger
    private let handshakeLimit: TimeAmount
    private var context: ChannelHandlerContext?
    private var opening = Opening.underWay(held: [], isPaused: false, limit: nil)
    private var decoder = FrameDecoder()
    private var batch: [InboundFrame] = []
    private var batchMessages = 0
    private var batchMessageBytes = 0
    private var outbox = LaneOutbox()
    private var creditOut = LaneCreditOut()
    private var creditIn = LaneCreditIn()
    private var sending = SendingWindow()
    private var probes: [(number: UInt64, sent: UInt64)] = []
    private var isPumping = false
    private var wasLow = false
    private var closesWhenIdle = false
    private var closure: LaneClosure?

    init(_ mailbox: LaneMailbox, _ ledger: LaneLedger, handshakeLimit: TimeAmount) {
        self.mailbox = mailbox
        self.ledger = ledger
        self.handshakeLimit = handshakeLimit
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let limit = context.eventLoop.scheduleTask(in: handshakeLimit) { bound.value.close(.timedOut) }
        opening = .underWay(held: [], isPaused: false, limit: limit)
    }

    // MARK: The handshake

    /// The frame delivered last was followed: the next may come. `isOpen`: that was the last one.
    func proceed(isOpen: Bool) {
        guard case .underWay(let held, _, let limit) = opening, let context else { return }
        if isOpen {
            limit?.cancel()
            opening = .done
            decoder.handshakeCompleted()
        } else {
            opening = .underWay(held: [], isPaused: false, limit: limit)
        }
        // First what the decoder itself still holds of the last bytes, then the rest.
        drain()
        for bytes in held { receive(bytes) }
        deliver()
        guard closure == nil else { return }
        if case .underWay(_, true, _) = opening { return }
        try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        if isOpen { tellRoom() }
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        // The one copy on this path. NIOSSL decrypts into a buffer it keeps, and where slices of that live on it copies
        // the whole of it for each read (up to 512 KiB, however little was read), and each slice would hold as much.
        // Measured alike or a little faster for full reads; and what a consumer holds is what its credit says.
        var own = context.channel.allocator.buffer(capacity: bytes.readableBytes)
        own.writeImmutableBuffer(bytes)
        receive(own)
    }

    private func receive(_ bytes: ByteBuffer) {
        guard closure == nil else { return }
        if case .underWay(var held, true, let limit) = opening {
            held.append(bytes)
            opening = .underWay(held: held, isPaused: true, limit: limit)
            return
        }
        decoder.feed(bytes)
        drain()
    }

    /// All that the decoder can make of what it has.
    private func drain() {
        do {
            while closure == nil, let frame = try decoder.next() {
                if case .underWay(let held, _, let limit) = opening {
                    opening = .underWay(held: held, isPaused: true, limit: limit)
                    try? context?.channel.syncOptions?.setOption(.autoRead, value: false)
                    batch.append(frame)
                    return deliver()
                }
                try take(frame)
            }
        } catch let error as LaneCreditError {
            close(.credit(error))
        } catch let error as WireError {
            close(.violation(error))
        } catch {
            close(.interrupted("\(error)"))
        }
    }

    private func take(_ frame: InboundFrame) throws {
        switch frame {
        case .message(_, let payload), .acknowledgement(_, let payload):
            batchMessages += 1
            batchMessageBytes += payload.readableBytes
            batch.append(frame)
        case .chunk(let chunk):
            try creditIn.received(chunk.cost)
            batch.append(frame)
        case .test(let payload): try take(ChannelTest(reading: payload))
        case .handshake(let payload):
            // A dialer is open as soon as its proof is out; the listener may still say no.
            if case .refused(let code) = try LaneHandshake(reading: payload) { return close(.refused(code)) }
            throw WireError.invalid("handshake on an open lane")
        }
    }

    private func take(_ test: ChannelTest) throws {
        switch test {
        case .probe(let number, let sent):
            if let credit = creditIn.idle() { send(credit) }
            send(.echo(number: number, sent: sent))
        case .echo(let number, _):
            // The time is our own note's: what comes back in the frame is the peer's word.
            guard let index = probes.firstIndex(where: { $0.number == number }) else { return }
            let probe = probes.remove(at: index)
            mailbox.echo(number, roundTrip: Self.now - probe.sent)
        case .credit(let freed):
            try creditOut.freed(freed)
            ledger.free(upTo: freed)
            if outbox.queuedChunkBytes < Self.lowWater { tellRoom() }
        case .drain: mailbox.drain()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        deliver()
        context.fireChannelReadComplete()
    }

    private func deliver() {
        guard !batch.isEmpty else { return }
        let mustPause = mailbox.frames(batch, messages: batchMessages, messageBytes: batchMessageBytes)
        batch = []
        batchMessages = 0
        batchMessageBytes = 0
        if mustPause { try? context?.channel.syncOptions?.setOption(.autoRead, value: false) }
    }

    /// The consumer has caught up.
    func resumeReading() {
        guard closure == nil, case .done = opening else { return }
        try? context?.channel.syncOptions?.setOption(.autoRead, value: true)
    }

    // MARK: Outbound

    func send(message frame: ByteBuffer) {
        guard closure == nil else { return }
        do {
            try outbox.enqueue(message: frame)
            pump()
        } catch {
            close(.unread(error))
        }
    }

    func send(_ test: ChannelTest) {
        send(message: FrameEncoder.frame(.test, stream: 0, payload: test.encoded()))
    }

    func send(chunks: [ByteBuffer]) {
        guard closure == nil else { return }
        for chunk in chunks {
            guard creditOut.spend(chunk.readableBytes) else {
                return close(.overspent(UInt64(chunk.readableBytes) - creditOut.available))
            }
            outbox.enqueue(chunk: chunk)
        }
        beginWindow()
        // Whoever gave them may have stopped there, so it is told of the room they leave even if they left at once.
        wasLow = false
        pump()
    }

    func free(_ bytes: Int) {
        guard closure == nil, let credit = creditIn.freed(bytes) else { return }
        send(credit)
    }

    func probe(_ number: UInt64) {
        if probes.count == Self.probeLimit { probes.removeFirst() }
        let now = Self.now
        probes.append((number, now))
        send(.probe(number: number, sent: now))
    }

    /// Keeps the socket supplied, and no more than that: what it holds cannot be overtaken by a message.
    private func pump() {
        guard !isPumping, closure == nil, let context else { return }
        isPumping = true
        var slices = 0
        while closure == nil, let buffer = outbox.next() {
            write(buffer, context)
            slices += 1
            guard slices < Self.slicesPerTurn else {
                let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
                context.eventLoop.execute { bound.value.pump() }
                break
            }
        }
        isPumping = false
        noteRoom()
        if closesWhenIdle && outbox.isIdle { close(.done) }
    }

    private func write(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        let count = buffer.readableBytes
        let start = Self.now
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [self] result in
            outbox.written(count)
            guard case .success = result else { return }  // the reason comes as an error or as the channel's end
            let now = Self.now
            ledger.wrote(LaneWrite(bytes: count, start: start, end: now))
            if sending.hasBegun { takeShare(now) }
            pump()
        }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: promise)
    }

    /// Tells the consumer when the queue has fallen below the mark, once each time.
    private func noteRoom() {
        ledger.hand(total: creditOut.sent - UInt64(outbox.queuedChunkBytes))
        let isLow = outbox.queuedChunkBytes < Self.lowWater
        if isLow && !wasLow, case .done = opening { mailbox.room() }
        wasLow = isLow
    }

    private func tellRoom() {
        wasLow = true
        mailbox.room()
    }

    // MARK: The network's share

    /// Chunks leave: from now on TCP is asked what they wait for. The first answer is told at once.
    private func beginWindow() {
        let isFirst = !sending.hasBegun
        takeShare(Self.now)
        guard isFirst, sending.hasBegun, let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .nanoseconds(Int64(SendingWindow.first))) {
            guard bound.value.closure == nil else { return }
            bound.value.takeShare(Self.now)
            bound.value.tellRoom()
        }
    }

    private func takeShare(_ now: UInt64) {
        guard let context, sending.isDue(now: now) else { return }
        sending.sampled(LaneSocket.sendingTimes(context.channel), now: now)
        ledger.note(sending.share)
    }

    func examine() {
        guard closure == nil, let context else { return }
        ledger.note(repeats: LaneSocket.repeats(context.channel))
    }

    // MARK: The end

    func closeWhenSent() {
        closesWhenIdle = true
        if outbox.isIdle { close(.done) }
    }

    func close(_ reason: LaneClosure, isAbrupt: Bool = false) {
        guard closure == nil else { return }
        deliver()
        closure = reason
        if case .underWay(_, _, let limit) = opening { limit?.cancel() }
        mailbox.closed(reason)
        guard let context else { return }
        if isAbrupt { LaneSocket.closeAbruptly(context.channel) } else { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch HandshakeFailure(error) {
        case .untrusted: close(.untrusted)
        case .interrupted(let reason), .incompatible(let reason): close(.interrupted(reason))
        case .unknownName, .busy, .timedOut, .credentials: close(.interrupted("\(error)"))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        close(.peerClosed)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Nanoseconds of a clock that never goes back.
    private static var now: UInt64 { NIODeadline.now().uptimeNanoseconds }
}
