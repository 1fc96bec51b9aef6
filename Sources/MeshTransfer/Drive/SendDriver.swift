// Station 1, downwards: between a sender's session and the room that it runs in, a node or the simulation.
package import MeshWire
package import NIOCore

/// Everything that a sending transfer does on one channel, from the offer to the receipt: hears the receiver's frames and control
/// messages, asks its `SendSession`, and says what is to be carried out. Pure: events in, steps out.
///
/// A transfer's shell owns one for each channel, from the channel's begin to ``Step/ended(_:)``. The shell has no rule of its
/// own: it carries out each step in order, and answers jobs with ``handle(_:rooms:)``.
package struct SendDriver: Sendable {
    /// What the shell does next.
    package enum Step: Sendable {
        /// On the lead lane, in order.
        case message(DataMessage)
        case transmit(LaneName, ByteBuffer)
        /// On the control link, in order.
        case say(ControlMessage)
        /// On the pool; answered with `encoded`.
        case encode(SendSession.EncodeJob)
        /// One after the other, in this order.
        case journal(Job)
        /// No more is read of these files for now.
        case release([SourceEntry])
        case report(News)
        case ended(TransferEnd)
    }

    /// What is done with the journal, and answered with an event of its name. ``SendWork/run(_:manifest:check:at:)`` does it.
    package enum Job: Sendable {
        case page(from: UInt64)
        case load(holding: UInt64)
        case record([ChunkRecord])
        case keep([(entry: SourceEntry, chunks: NumberSet)])
        case checkSeals(NumberSet)
        case withdraw([SourceEntry], again: Bool)
        case checkReceipt(body: [UInt8], signature: [UInt8], skipped: [SkipReason: NumberSet])
    }

    /// What a program may want to show.
    package enum News: Sendable {
        case offered(TransferSums, isCounting: Bool)
        case accepted
        /// Files that were sealed for the first time.
        case sealed([SourceEntry])
        /// The entry changed or could not be read when its chunks were read.
        case unread(SourceEntry, DiskError)
        /// Files taken back for good.
        case gaveUp([SourceEntry])
    }

    private let transfer: TransferID
    private let stream: UInt16
    private let isPiped: Bool
    /// What the receiver is told in place of an offer, where there is none to make.
    private let verdict: FailureCode?
    private var session: SendSession
    /// The offer as it was said first: pages that left since belong to these sums.
    private var offer: TransferControl?
    /// The receiver's answer was heard. What it says on lanes may come before that.
    private var isAccepted = false
    private var ending = DriverEnding()
    /// Files whose length is not known yet.
    private var openFiles: Set<UInt64> = []
    private var isComplete = false
    package private(set) var totals = ManifestTotals()
    /// The receiver accepted: it is the peer that was waited for.
    package private(set) var isUnderWay = false
    /// The receipt that was proven; it is stored.
    package private(set) var receipt: Receipt?

    package init(
        _ transfer: TransferID, stream: UInt16, compression: CompressionMode, isPiped: Bool = false,
        verdict: FailureCode? = nil
    ) {
        self.transfer = transfer
        self.stream = stream
        self.isPiped = isPiped
        self.verdict = verdict
        session = SendSession(compression: compression)
    }

    package var counters: TransferCounters { session.counters }
    package var heldBytes: Int { session.heldBytes }
    package var isReceiptStored: Bool { receipt != nil }
    /// More may still be found or read.
    package var isCounting: Bool { !isComplete || !openFiles.isEmpty }
    /// All that was read of a file of open length has moved, and it brings nothing at present.
    package var waitsForInput: Bool { !openFiles.isEmpty && !session.hasWork }

    // MARK: the control link

    /// The channel works at both ends: the transfer is offered, once for a channel. Pages flow before the receiver has decided:
    /// names and sums are what it decides on.
    package mutating func channelOpened() -> [Step] {
        guard offer == nil, !ending.isOver else { return [] }
        if let verdict { return ending.end(.failed(verdict)) }
        let sums = TransferSums(
            entries: totals.entries, files: totals.files, bytes: totals.bytes, allocated: totals.allocated)
        let offer = TransferControl(
            transfer: transfer,
            action: .offer(stream: stream, sums: sums, counting: isCounting, piped: isPiped))
        self.offer = offer
        return [.report(.offered(sums, isCounting: isCounting)), .say(.transfer(offer))]
            + follow(session.accepted(from: 0))
    }

    /// Another link is there in the place of a lost one, which may have taken the offer with it, or its answer.
    package func relinked() -> [Step] {
        guard let offer, !isAccepted, !ending.isOver else { return [] }
        return [.say(.transfer(offer))]
    }

    package mutating func heard(_ message: TransferControl) -> [Step] {
        guard !ending.isOver else { return [] }
        guard message.transfer == transfer, offer != nil else { return [.say(.error(.unknown, regarding: 0))] }
        switch message.action {
        case .accept(let from):
            // It is said again where the offer is.
            guard !isAccepted else { return [] }
            isAccepted = true
            return begin() + follow(session.accepted(from: from))
        case .decline(let code): return ending.end(.told(code))
        case .cancel: return ending.end(.told(.cancelled))
        case .pause: return ending.end(.told(.paused))
        case .offer: return [.say(.error(.unsupported, regarding: 0))]
        }
    }

    private mutating func begin() -> [Step] {
        guard !isUnderWay else { return [] }
        isUnderWay = true
        return [.report(.accepted)]
    }

    // MARK: lanes

    /// A lane is up, or told what it can take.
    package mutating func lane(_ name: LaneName, room: SendSession.LaneRoom) -> [Step] {
        follow(session.lane(name, room: room))
    }

    package mutating func laneDrains(_ name: LaneName) -> [Step] { follow(session.laneDrains(name)) }

    package mutating func laneLost(_ name: LaneName, wasLead: Bool) -> [Step] {
        follow(session.laneLost(name, wasLead: wasLead))
    }

    /// What a lane brought. What follows a breach, or comes while the last words leave, changes nothing.
    package mutating func frames(_ frames: [InboundFrame]) -> [Step] {
        var steps: [Step] = []
        for frame in frames where !ending.isOver {
            do throws(WireError) { steps += try heard(frame) } catch { steps += ending.breach(error) }
        }
        return steps
    }

    private mutating func heard(_ frame: InboundFrame) throws(WireError) -> [Step] {
        switch frame {
        case .message(stream, let payload):
            let message = try DataMessage(reading: payload)
            if case .failed = message { return follow(session.message(message)) }
            // Only who has accepted says anything else, and its answer may have been lost with a link.
            return begin() + follow(session.message(message))
        case .acknowledgement(stream, var payload):
            let numbers = try payload.wireNumbers("acknowledged chunk", bound: Limits.chunks)
            try payload.wireEnd("acknowledgement")
            return follow(session.acknowledged(numbers))
        case .message(let other, _), .acknowledgement(let other, _): throw .unknown("stream", UInt64(other))
        case .chunk, .handshake, .test: throw .invalid("frame of a sender")
        }
    }

    // MARK: answers

    /// What became of a job, or of the manifest. `rooms`: what every lane can take by now, asked for where it matters.
    package mutating func handle(
        _ event: SendEvent, rooms: () -> [(name: LaneName, room: SendSession.LaneRoom)]
    ) -> [Step] {
        note(event)
        guard !ending.isOver else { return [] }
        var steps: [Step] = []
        if case .encoded(_, _, let failed) = event {
            // What is gone of a file of open length was perhaps acknowledged meanwhile: the session knows.
            steps += failed.filter { $0.entry.manifest.room == 0 }.map { .report(.unread($0.entry, $0.error)) }
            session.look(at: rooms())
        }
        if case .withdrawn(let lost) = event, !lost.isEmpty { steps += gaveUp(lost) }
        return steps + follow(session.handle(event))
    }

    /// What was read of a pipe is gone, and can be read no more.
    private mutating func gaveUp(_ lost: [SourceEntry]) -> [Step] {
        guard isPiped else { return [.report(.gaveUp(lost))] }
        return ending.fail(.pipeLost)
    }

    private mutating func note(_ event: SendEvent) {
        switch event {
        case .manifestGrew(let totals, let isComplete):
            self.totals = totals
            self.isComplete = isComplete
        case .openGrew(let file) where file.source.manifest.isOpen: openFiles.insert(file.source.number)
        case .openGrew(let file): openFiles.remove(file.source.number)
        case .openLost(let entry): openFiles.remove(entry.number)
        case .receiptChecked(.proven(let receipt)): self.receipt = receipt
        case .receiptChecked, .encoded, .page, .loaded, .recorded, .kept, .sealsChecked, .withdrawn: break
        }
    }

    // MARK: the end

    /// A job of this end failed. `code`: what the receiver is told of it.
    package mutating func failed(_ error: any Error, as code: FailureCode) -> [Step] {
        ending.fail(code, error)
    }

    /// The control link is gone for good, or the receiver said that it leaves. Nothing, where another link may come.
    package mutating func left() -> [Step] { isReceiptStored ? ending.end(.done) : [] }

    // MARK: instructions

    private mutating func follow(_ instructions: [SendSession.Instruction]) -> [Step] {
        var steps: [Step] = []
        for instruction in instructions where !ending.isOver { steps += follow(instruction) }
        return steps
    }

    private mutating func follow(_ instruction: SendSession.Instruction) -> [Step] {
        switch instruction {
        case .sendPage(let from): return [.journal(.page(from: from))]
        case .send(let message): return [.message(message)]
        case .load(let chunk): return [.journal(.load(holding: chunk))]
        case .encode(let job): return [.encode(job)]
        case .transmit(let name, let frames): return [.transmit(name, frames)]
        case .seal(let entries, let fresh): return seal(entries, fresh: fresh)
        case .checkSeals(let numbers): return [.journal(.checkSeals(numbers))]
        case .record(let records): return [.journal(.record(records))]
        case .keep(let there): return [.journal(.keep(there))]
        case .stop(let file):
            openFiles.remove(file.number)
            return [.release([file])]
        case .withdraw(let entries, let again):
            for entry in entries { openFiles.remove(entry.number) }
            return [.journal(.withdraw(entries, again: again))]
        case .checkReceipt(let body, let signature, let skipped):
            return [.journal(.checkReceipt(body: body, signature: signature, skipped: skipped))]
        case .complete: return ending.end(.done)
        case .fail(let code, toPeer: true): return ending.fail(code)
        case .fail(let code, toPeer: false): return ending.end(.told(code))
        case .disconnect(let error): return ending.breach(error)
        }
    }

    private func seal(_ entries: [SourceEntry], fresh: [SourceEntry]) -> [Step] {
        let numbers = NumberSet(numbers: entries.lazy.map(\.number))
        var steps = numbers.pieces(of: Limits.ranges).map { Step.message(.sealed(entries: $0)) }
        if !entries.isEmpty { steps.append(.release(entries)) }
        if !fresh.isEmpty { steps.append(.report(.sealed(fresh))) }
        return steps
    }
}
