// Station 1, upwards: between a receiver's session and the room that it runs in, a node or the simulation.
package import MeshWire
package import NIOCore

/// Everything that a receiving transfer does on one channel, from the offer to the receipt: hears the sender's frames and control
/// messages, decides what comes of the offer (`IncomingOffer`), asks its `ReceiveSession`, and says what is to be carried
/// out. Pure: events and time in, steps out.
///
/// A transfer's shell owns one for each channel, from the channel's begin to ``Step/ended(_:)``. The shell has no rule of its
/// own: it carries out each step in order, and answers jobs with ``handle(_:now:)``. Times are nanoseconds of a clock that
/// never goes back.
package struct ReceiveDriver: Sendable {
    /// What the shell does next.
    package enum Step: Sendable {
        /// On the lead lane, in order.
        case message(DataMessage)
        case acknowledge(NumberSet)
        /// A lane gets credit back.
        case free(LaneName, bytes: Int)
        /// On the control link, in order.
        case say(ControlMessage)
        /// On the pool, several at once.
        case pool(PoolJob)
        /// One after the other, in this order.
        case journal(JournalJob)
        /// What is known here of the transfer; answered with ``looked(_:now:)``.
        case lookUp(TransferSums)
        /// A person or a rule decides; answered with ``decided(_:now:)``.
        case ask(OfferedTransfer)
        /// The transfer is written down as offered; answered with ``looked(_:now:)``.
        case create(TransferSums, isPiped: Bool)
        case report(News)
        case ended(TransferEnd)
    }

    /// What blocks, or takes the processor's time. ``ReceiveWork/run(_:with:)`` does it.
    package enum PoolJob: Sendable {
        case decodePage(first: UInt64, count: Int, rawLength: Int, deflated: ByteBuffer)
        case store([ChunkArrival])
        case makeParts([ReceivedEntry])
        case finish([ReceivedEntry])
        case discard(ReceivedEntry)
    }

    /// What is kept, and what is asked of what was kept. ``ReceiveWork/run(_:completion:at:)`` does it.
    package enum JournalJob: Sendable {
        case keepPage([ManifestEntry])
        case reckonRoom
        case plan(from: UInt64, limit: Int)
        case commit(CommitGroup)
        case complete
    }

    /// What a program may want to show.
    package enum News: Sendable {
        /// The transfer runs from here on.
        case accepted
        /// Entries that ended in this session, with their manifests.
        case ended([(entry: ReceivedEntry, end: EndedEntry)])
    }

    /// What journal and disk say of an offered transfer.
    package enum Standing: Sendable {
        case fresh
        case known(Basis)
        case refused(FailureCode)
    }

    /// What a transfer that was accepted begins with.
    package struct Basis: Sendable {
        /// What the journal holds of the manifest.
        package var totals: ManifestTotals
        /// More was offered than there is room for.
        package var isRoomDoubtful: Bool
        /// The destination's file system may refuse names.
        package var triesNames: Bool
        /// Where the one file is not kept but passed on in order.
        package var passage: OrderedPassage?

        package init(
            totals: ManifestTotals, isRoomDoubtful: Bool, triesNames: Bool, passage: OrderedPassage? = nil
        ) {
            self.totals = totals
            self.isRoomDoubtful = isRoomDoubtful
            self.triesNames = triesNames
            self.passage = passage
        }
    }

    private let stream: UInt16
    private var offer = IncomingOffer()
    private var basis: Basis?
    private var session: ReceiveSession?
    /// Files that are getting their names.
    private var finishing: [UInt64: ReceivedEntry] = [:]
    /// The disk's own words on what failed; they tell more than the code that the peer gets.
    private var cause: DiskError?
    private var ending = DriverEnding()
    /// The receipt that this end signed; it is stored.
    package private(set) var receipt: Receipt?

    package init(stream: UInt16) {
        self.stream = stream
    }

    package var transfer: TransferID? { offer.transfer }
    /// The transfer was accepted: its sender is the peer that was waited for.
    package var isUnderWay: Bool { session != nil }
    package var isReceiptStored: Bool { receipt != nil }
    package var counters: TransferCounters { session?.counters ?? TransferCounters() }
    /// What is known of the manifest by now.
    package var known: ManifestTotals { session?.known ?? ManifestTotals() }
    package var isCounting: Bool { session?.isCounting ?? false }
    /// All that the sender has read has moved, and it waits for more itself.
    package var waitsForInput: Bool { session?.waitsForInput ?? false }
    package var isWithinBounds: Bool { session?.isWithinBounds ?? true }

    // MARK: the offer

    package mutating func heard(_ message: TransferControl, now: UInt64) -> [Step] {
        guard !ending.isOver else { return [] }
        if case .offer(let offeredStream, let sums, let counting, let piped) = message.action {
            guard offeredStream == stream else { return [.say(.error(.unsupported, regarding: 0))] }
            // Said again on a later link: the answer may have been lost with the one before.
            if message.transfer == offer.transfer { return isUnderWay ? [.say(acceptance(of: message.transfer))] : [] }
            guard offer.offered(message.transfer, sums, counting: counting, piped: piped) else {
                return [.say(.error(.unsupported, regarding: 0))]
            }
            return [.lookUp(sums)]
        }
        guard message.transfer == offer.transfer else { return [.say(.error(.unknown, regarding: 0))] }
        switch message.action {
        case .cancel: return ending.end(.told(.cancelled))
        case .pause: return ending.end(.told(.paused))
        case .decline(let code): return ending.end(.told(code))
        case .accept, .offer: return [.say(.error(.unsupported, regarding: 0))]
        }
    }

    package mutating func looked(_ standing: Standing, now: UInt64) -> [Step] {
        guard !ending.isOver else { return [] }
        switch standing {
        case .fresh: offer.looked(.fresh)
        case .known(let basis):
            self.basis = basis
            offer.looked(.known)
        case .refused(let code): offer.looked(.refused(code))
        }
        return settle(now: now)
    }

    package mutating func decided(_ yes: Bool, now: UInt64) -> [Step] {
        guard !ending.isOver else { return [] }
        offer.decided(yes)
        return settle(now: now)
    }

    /// Asks, accepts or declines as soon as enough is known.
    private mutating func settle(now: UInt64) -> [Step] {
        guard let transfer = offer.transfer, let sums = offer.sums else { return [] }
        switch offer.next() {
        case .none: return []
        case .ask(let names):
            return [
                .ask(
                    OfferedTransfer(transfer, sums, names: names, isCounting: offer.isCounting, isPiped: offer.isPiped))
            ]
        case .create: return [.create(sums, isPiped: offer.isPiped)]
        case .accept: return accept(transfer, now: now)
        case .decline(let code):
            let decline = TransferControl(transfer: transfer, action: .decline(code))
            // On a lane as well: the link may be away.
            return [.say(.transfer(decline))] + ending.fail(code)
        }
    }

    private mutating func accept(_ transfer: TransferID, now: UInt64) -> [Step] {
        guard let basis else { return [] }
        session = ReceiveSession(
            totals: basis.totals, promise: offer.promise(known: basis.totals), isRoomDoubtful: basis.isRoomDoubtful,
            triesNames: basis.triesNames, passage: basis.passage, now: now)
        var steps: [Step] = [.report(.accepted), .say(acceptance(of: transfer))]
        steps += run { $0.start(now: now) }
        for message in offer.takeHeld() { steps += run { $0.message(message, now: now) } }
        return steps
    }

    /// The pages that the journal has, or that are held, need not come again.
    private func acceptance(of transfer: TransferID) -> ControlMessage {
        let from = max(known.entries, offer.heldEntries)
        return .transfer(TransferControl(transfer: transfer, action: .accept(manifestFrom: from)))
    }

    // MARK: lanes

    /// A lane is up. With the first after none, what was said into the void is said again.
    package mutating func laneOpened(isOnly: Bool, now: UInt64) -> [Step] {
        run { $0.laneOpened(isOnly: isOnly, now: now) }
    }

    package mutating func laneLost(_ name: LaneName, now: UInt64) -> [Step] {
        run { $0.laneLost(name, now: now) }
    }

    /// What a lane brought. What follows a breach, or comes while the last words leave, changes nothing.
    package mutating func frames(_ frames: [InboundFrame], on lane: LaneName, now: UInt64) -> [Step] {
        guard !ending.isOver else { return [] }
        var steps: [Step] = []
        var chunks: [InboundChunk] = []
        do throws(WireError) {
            for frame in frames {
                switch frame {
                case .chunk(let chunk):
                    guard chunk.stream == stream else { throw .unknown("stream", UInt64(chunk.stream)) }
                    guard session != nil else { throw .invalid("chunk before its transfer was accepted") }
                    chunks.append(chunk)
                case .message(stream, let payload):
                    steps += try heard(try DataMessage(reading: payload), now: now)
                case .message(let other, _): throw .unknown("stream", UInt64(other))
                case .acknowledgement, .handshake, .test: throw .invalid("frame of a receiver")
                }
            }
        } catch {
            return steps + ending.breach(error)
        }
        guard !chunks.isEmpty else { return steps }
        return steps + run { $0.arrived(chunks, on: lane, now: now) }
    }

    private mutating func heard(_ message: DataMessage, now: UInt64) throws(WireError) -> [Step] {
        guard session == nil else { return run { $0.message(message, now: now) } }
        guard !ending.isOver else { return [] }
        try offer.hold(message)
        return settle(now: now)
    }

    // MARK: answers

    /// What became of a job.
    package mutating func handle(_ event: ReceiveEvent, now: UInt64) -> [Step] {
        var steps: [Step] = []
        switch event {
        case .finished(let ended): steps += report(ended)
        case .diskFailed(let error): cause = error
        case .stored(let results, _): cause = cause ?? results.lazy.compactMap(\.outcome.error).first
        case .completed(let receipt, _, _): self.receipt = receipt
        case .pageDecoded, .pageKept, .roomIsThere, .planned, .partsMade, .discarded, .passedOn, .committed: break
        }
        steps += run { $0.handle(event, now: now) }
        // What the disk said of a file that was taken back meanwhile is no reason for anything else.
        cause = nil
        return steps
    }

    private mutating func report(_ ended: [EndedEntry]) -> [Step] {
        [.report(.ended(ended.compactMap { end in finishing.removeValue(forKey: end.number).map { ($0, end) } }))]
    }

    package mutating func tick(now: UInt64) -> [Step] { run { $0.tick(now: now) } }

    // MARK: the end

    /// A job of this end failed. `code`: what the sender is told of it.
    package mutating func failed(_ error: any Error, as code: FailureCode) -> [Step] {
        ending.fail(code, error)
    }

    /// The control link is gone for good, or the sender said that it leaves. Nothing, where another link may come.
    package mutating func left() -> [Step] { isReceiptStored ? ending.end(.done) : [] }

    // MARK: instructions

    /// In place: a session must not be copied on the way.
    private mutating func run(_ event: (inout ReceiveSession) -> [ReceiveSession.Instruction]) -> [Step] {
        guard session != nil, !ending.isOver else { return [] }
        let instructions = event(&session!)
        var steps: [Step] = []
        for instruction in instructions where !ending.isOver { steps += follow(instruction) }
        return steps
    }

    private mutating func follow(_ instruction: ReceiveSession.Instruction) -> [Step] {
        switch instruction {
        case .send(let message): return [.message(message)]
        case .acknowledge(let numbers): return [.acknowledge(numbers)]
        case .release(let name, let bytes): return [.free(name, bytes: bytes)]
        case .decodePage(let first, let count, let rawLength, let deflated):
            return [.pool(.decodePage(first: first, count: count, rawLength: rawLength, deflated: deflated))]
        case .store(let arrivals): return [.pool(.store(arrivals))]
        case .makeParts(let entries): return [.pool(.makeParts(entries))]
        case .finish(let entries):
            for entry in entries { finishing[entry.number] = entry }
            return [.pool(.finish(entries))]
        case .discard(let entry): return [.pool(.discard(entry))]
        case .keepPage(let entries): return [.journal(.keepPage(entries))]
        case .reckonRoom: return [.journal(.reckonRoom)]
        case .plan(let first, let limit): return [.journal(.plan(from: first, limit: limit))]
        case .commit(let group): return [.journal(.commit(group))]
        case .complete: return [.journal(.complete)]
        case .done: return ending.end(.done)
        case .fail(let code, toPeer: true): return ending.fail(code, cause)
        case .fail(let code, toPeer: false): return ending.end(.told(code))
        case .disconnect(let error): return ending.breach(error)
        }
    }
}
