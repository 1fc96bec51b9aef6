// Station 1, downwards: says which wanted chunk is read next and which lane takes it. Below it `ChunkSource` and
// `ChunkEncoder` carry out `encode`, and the lane carries out `transmit`.
package import MeshWire
package import NIOCore

/// The sending half of a transfer: what the receiver wants goes out while lanes have room, what it acknowledged is
/// recorded, what changed is withdrawn. Pure: events in, instructions out.
///
/// ```
///  want → wanted → (encode) → encoding → ready → (transmit) → sent → acknowledged
///            ↑__________________________________ lane lost ____|
/// ```
package struct SendSession: Sendable {
    /// What the shell does next. It answers those that say so with the event of the same name.
    package enum Instruction: Sendable {
        /// Read entries from the journal, send them as a page; answer `pageSent`.
        case sendPage(from: UInt64)
        case send(DataMessage)
        /// Look up the files holding this chunk and later ones; answer `loaded`.
        case load(holding: UInt64)
        /// Read, hash, deflate, frame; answer `encoded`.
        case encode(EncodeJob)
        case transmit(LaneName, ByteBuffer)
        /// Say that these files are sealed: every byte of them left while they were what the walk saw. `fresh`: those of
        /// them of which that was not said before; a lost lane or a next look says the others again.
        case seal([SourceEntry], fresh: [SourceEntry])
        /// Look these entries up and compare them with what the walk saw once more; answer `sealsChecked`.
        case checkSeals(NumberSet)
        /// Keep the digests of acknowledged chunks; answer `recorded`.
        case record([ChunkRecord])
        /// Of what was read of files of open length, these chunks are at the receiver already, by an earlier link: keep the
        /// digests of those that are still held; answer `kept`.
        case keep([(entry: SourceEntry, chunks: NumberSet)])
        /// Nothing more of this file of open length is wanted: it need not be read further.
        case stop(SourceEntry)
        /// Take these entries back, and where `again` add the files anew at the end; answer `manifestGrew`, then `withdrawn`.
        case withdraw([SourceEntry], again: Bool)
        /// Verify the signature, compare the root, keep the receipt; answer `receiptChecked`.
        case checkReceipt(body: [UInt8], signature: [UInt8], skipped: [SkipReason: NumberSet])
        /// The transfer is done and its receipt is kept.
        case complete(Receipt)
        /// The transfer ends with an error; `toPeer` says whether the peer is told.
        case fail(FailureCode, toPeer: Bool)
        /// The peer broke the protocol.
        case disconnect(WireError)
    }

    /// One job of the thread pool.
    package struct EncodeJob: Sendable {
        package var id: UInt64
        package var pieces: [ChunkPiece]
        package var choice: CompressionChoice
    }

    /// What a lane can take, counting everything given to it so far.
    package struct LaneRoom: Hashable, Sendable {
        /// Chunk bytes that wait in the lane.
        package var queued: Int
        /// Chunk bytes that may still be given to it.
        package var credit: UInt64
        /// What they wait for.
        package var share: NetworkShare

        package init(queued: Int = 0, credit: UInt64 = Limits.laneCredit, share: NetworkShare = .untold) {
            self.queued = queued
            self.credit = credit
            self.share = share
        }
    }

    /// Bytes a batch aims at; what crosses between threads is a batch, never a single small file.
    static let batchBytes = 1024 * 1024
    static let batchChunks = 64
    /// Plain bytes being encoded or waiting for a lane at most.
    static let encodeAhead = 8 * 1024 * 1024
    /// The same, and what waits in the lanes, until the link is known: 0.15 s of 100 Mbit/s.
    static let blindAhead = 2 * 1024 * 1024
    /// Jobs under way at once.
    static let jobLimit = 3
    /// A lane with more than this queued gets nothing new.
    static let laneQueue = 1024 * 1024
    /// A file that changed so often while it was sent is given up.
    static let changeLimit = 3

    struct Sent: Sendable {
        var record: ChunkRecord
        /// Plain bytes.
        var length: Int
        var lane: LaneName
    }

    var totals = ManifestTotals()
    var feed = ManifestFeed()
    var window = SendWindow()
    var policy: CompressionPolicy
    /// Encoded bytes that waited for the link at the last look.
    var waiting = 0
    var wanted = NumberSet()
    /// Files of open length that this process reads, by entry.
    var opened: [UInt64: OpenFile] = [:]
    /// Chunks of these that are wanted and have not been read yet.
    var unread = NumberSet()
    /// Chunks being encoded, ready or sent and not acknowledged.
    var inFlight = NumberSet()
    var everSent = NumberSet()
    /// Entries whose seal was said and which were not taken back since.
    var everSealed = NumberSet()
    var records = RecordQueue()
    var jobs: [UInt64: [ChunkPiece]] = [:]
    var jobBytes = 0
    var nextJob: UInt64 = 0
    /// Chunks of an entry under way in jobs.
    var reading: [UInt64: Int] = [:]
    var ready: [EncodedBatch] = []
    var readyBytes = 0
    var sent: [UInt64: Sent] = [:]
    /// Chunks that a lost lane carried: their acknowledgement may have survived it.
    var orphans: [UInt64: Sent] = [:]
    var lanes: [LaneName: LaneRoom] = [:]
    var changes: [[UInt8]: Int] = [:]
    /// What the receiver left out: each entry under one reason.
    var skipped: [SkipReason: NumberSet] = [:]
    /// Entries that were taken back: the journal may not know yet, and the receiver may still ask for them.
    var takenBack = NumberSet()
    /// Entries whose seals are asked for, while others are being looked up: one question to the disk at a time, however
    /// many a receiver asks.
    var sealsAsked = NumberSet()
    var isCheckingSeals = false
    /// Chunks that are there by an earlier link, while others are being kept.
    var heldAsked = NumberSet()
    var isKeeping = false
    /// A receipt is being checked; that ends the session either way.
    var isChecking = false
    var isEnded = false
    package internal(set) var counters = TransferCounters()

    package init(compression: CompressionMode) {
        policy = CompressionPolicy(compression)
    }

    /// Plain bytes being encoded and frames that wait for a lane: what the session holds of the files.
    package var heldBytes: Int { jobBytes + readyBytes }

    /// Chunks that were read are still to arrive at the other side.
    package var hasWork: Bool { !wanted.isEmpty || !inFlight.isEmpty }

    // MARK: manifest

    /// The receiver has the entries before `from`; pages flow from there. It cannot have more than there are: what it was
    /// told of the manifest is lasting here.
    package mutating func accepted(from: UInt64) -> [Instruction] {
        guard !isEnded else { return [] }
        guard from <= totals.entries else { return violation() }
        feed.start(from: from)
        return pump()
    }

    /// The journal holds these many entries now.
    package mutating func manifestGrew(to totals: ManifestTotals, isComplete: Bool) -> [Instruction] {
        self.totals = totals
        feed.grew(to: totals, isComplete: isComplete)
        return pump()
    }

    package mutating func pageSent(end: UInt64) -> [Instruction] {
        feed.pageSent(end: end)
        return pump()
    }

    /// A file of open length has been read further, or its end is told; the journal knows that by now.
    package mutating func openGrew(_ file: OpenFile) -> [Instruction] {
        guard !takenBack.contains(file.source.number) else { return [] }
        opened[file.source.number] = file
        let due = unread.intersection(NumberSet(file.plan.numbers.lowerBound..<file.readable))
        unread.subtract(due)
        wanted.formUnion(due)
        guard !isEnded, !file.source.manifest.isOpen else { return pump() }
        unread.remove(contentsOf: file.plan.numbers)
        return tell([file.source]) + pump()
    }

    /// A file of open length could not be read to its end and was taken back; the journal knows that by now.
    package mutating func openLost(_ entry: SourceEntry) -> [Instruction] {
        forget(entry)
        return pump()
    }

    // MARK: lanes

    /// A lane is up, or told what it can take: `room` counts every `transmit` said before.
    package mutating func lane(_ name: LaneName, room: LaneRoom) -> [Instruction] {
        lanes[name] = room
        return pump()
    }

    /// What lanes hold by now: they tell by themselves only when they have room again. Said before ``encoded(_:_:failed:)``,
    /// so that the next choice sees how the link does and not what was added a moment ago.
    package mutating func look(at rooms: [(name: LaneName, room: LaneRoom)]) {
        for (name, room) in rooms where lanes[name] != nil { lanes[name] = room }
        waiting = waitingForLink
    }

    /// A lane takes no new work; what it carries is still acknowledged, or lost with it.
    package mutating func laneDrains(_ name: LaneName) -> [Instruction] {
        lanes[name] = nil
        return pump()
    }

    /// A lane is gone: what it carried unacknowledged is sent again; `wasLead` where it carried the messages.
    package mutating func laneLost(_ name: LaneName, wasLead: Bool) -> [Instruction] {
        lanes[name] = nil
        for (number, entry) in sent where entry.lane == name {
            sent[number] = nil
            orphans[number] = entry
            inFlight.remove(number)
            wanted.insert(number)
            counters.chunksRetried += 1
        }
        if wasLead { feed.rewind() }
        return pump()
    }

    // MARK: what the receiver says

    /// A message of the receiver. One of the sender's own is a breach of the protocol.
    package mutating func message(_ message: DataMessage) -> [Instruction] {
        guard !isEnded else { return [] }
        switch message {
        case .manifestKept(let entries):
            guard feed.kept(entries) else { return violation() }
            return pump()
        case .manifestAgain(let from):
            guard from <= totals.entries else { return violation() }
            feed.rewind(to: from)
            return pump()
        case .want(let chunks, let seals): return want(chunks, seals)
        case .damaged(let chunks): return damaged(chunks)
        case .held(let chunks): return isPlanned(chunks) ? held(chunks) : violation()
        case .skipped(let reason, let entries, let chunks): return skip(reason, entries, chunks)
        case .receipt(let body, let signature):
            // It comes again while nobody answers: one check at a time.
            guard !isChecking else { return [] }
            isChecking = true
            // What was left out and taken back since counts as taken back.
            // The check reads the journal: what is still to be kept of digests goes before it.
            let left = skipped.mapValues { $0.subtracting(takenBack) }
            return Self.record(records.flush()) + [.checkReceipt(body: body, signature: signature, skipped: left)]
        case .failed(let code): return end(.fail(code, toPeer: false))
        case .manifestPage, .manifestEnd, .sealed, .length, .received: return violation()
        }
    }

    /// Chunks that are committed on the receiver.
    package mutating func acknowledged(_ numbers: NumberSet) -> [Instruction] {
        guard !isEnded else { return [] }
        guard everSent.holds(numbers) else { return violation() }
        var fresh: [ChunkRecord] = []
        for number in awaiting(numbers) {
            let orphan = orphans.removeValue(forKey: number)
            guard let chunk = sent.removeValue(forKey: number) ?? orphan else { continue }
            fresh.append(chunk.record)
            counters.bytes += UInt64(chunk.length)
        }
        inFlight.subtract(numbers)
        // What a lost lane put back is not sent twice if its acknowledgement arrives after all.
        wanted.subtract(numbers)
        counters.chunks += UInt64(fresh.count)
        records.add(fresh)
        return Self.record(records.take()) + pump()
    }

    /// The journal's answer to `record`.
    package mutating func recorded() -> [Instruction] {
        records.written()
        guard !isEnded else { return [] }
        return Self.record(records.take()) + pump()
    }

    private static func record(_ records: [ChunkRecord]?) -> [Instruction] { records.map { [.record($0)] } ?? [] }

    /// Those of `numbers` that wait for an acknowledgement. A peer that repeats old ones costs no more than what is under way.
    private func awaiting(_ numbers: NumberSet) -> [UInt64] {
        guard numbers.count > UInt64(sent.count + orphans.count) else { return numbers.ranges.flatMap { Array($0) } }
        return Set(sent.keys).union(orphans.keys).filter(numbers.contains)
    }

    private mutating func want(_ chunks: NumberSet, _ seals: NumberSet) -> [Instruction] {
        guard isPlanned(chunks), seals.ranges.last?.upperBound ?? 0 <= totals.entries else { return violation() }
        wanted.formUnion(chunks.subtracting(inFlight))
        putOffUnread()
        // A want is bounded, and so is what all of them may leave here.
        sealsAsked.formUnion(seals)
        let waiting = max(wanted.ranges.count, unread.ranges.count, sealsAsked.ranges.count)
        guard waiting <= 8 * Limits.ranges else { return violation() }
        return pump() + checkSeals()
    }

    /// What has not been read yet waits aside, so that it is not in the way of what has.
    private mutating func putOffUnread() {
        for file in opened.values {
            let ahead = NumberSet(file.readable..<file.plan.numbers.upperBound).intersection(wanted)
            wanted.subtract(ahead)
            if file.source.manifest.isOpen { unread.formUnion(ahead) }
        }
    }

    /// What the receiver leaves out is not sent any more; what is on its way arrives late there.
    private mutating func skip(_ reason: SkipReason, _ entries: NumberSet, _ chunks: NumberSet) -> [Instruction] {
        guard entries.ranges.last?.upperBound ?? 0 <= totals.entries, isPlanned(chunks) else { return violation() }
        for other in skipped.keys where other != reason { skipped[other]?.subtract(entries) }
        skipped[reason, default: NumberSet()].formUnion(entries)
        wanted.subtract(chunks)
        unread.subtract(chunks)
        sealsAsked.subtract(entries)
        return stopped(entries) + pump()
    }

    mutating func checkSeals() -> [Instruction] {
        guard !isCheckingSeals, !sealsAsked.isEmpty else { return [] }
        isCheckingSeals = true
        defer { sealsAsked = NumberSet() }
        return [.checkSeals(sealsAsked)]
    }

    /// Chunks that arrived and did not verify go out again; of those not out at present a copy comes anyway.
    private mutating func damaged(_ chunks: NumberSet) -> [Instruction] {
        guard everSent.holds(chunks) else { return violation() }
        for number in sent.keys.filter(chunks.contains) {
            sent[number] = nil
            inFlight.remove(number)
            wanted.insert(number)
            counters.chunksRetried += 1
        }
        return pump()
    }

    private func isPlanned(_ chunks: NumberSet) -> Bool {
        chunks.ranges.last?.upperBound ?? 0 <= totals.chunks
    }

    // MARK: the end

    /// The shell's word on a receipt.
    package mutating func receiptChecked(_ verdict: ReceiptVerdict) -> [Instruction] {
        guard !isEnded else { return [] }
        switch verdict {
        case .proven(let receipt):
            isEnded = true
            return [.send(.received(root: receipt.root)), .complete(receipt)]
        case .unproven(let changed):
            isChecking = false
            return takeBack(changed) + pump()
        case .wrong: return end(.fail(.integrity, toPeer: true))
        }
    }

    /// The receiver named chunks or entries that it was never offered, or said what only a sender says.
    mutating func violation() -> [Instruction] { end(.disconnect(.invalid("message about what was never offered"))) }

    mutating func end(_ instruction: Instruction) -> [Instruction] {
        guard !isEnded else { return [] }
        isEnded = true
        return [instruction]
    }
}

/// What a transfer has moved since this session began; for progress and the `done` event.
package struct TransferCounters: Hashable, Sendable {
    /// Chunks acknowledged (sender) or committed (receiver).
    package var chunks: UInt64 = 0
    /// Chunks that were there when the session began.
    package var chunksResumed: UInt64 = 0
    /// Chunks sent again or asked for again.
    package var chunksRetried: UInt64 = 0
    /// Chunks that arrived although they were there already.
    package var chunksLate: UInt64 = 0
    /// Plain bytes of the chunks counted in `chunks`.
    package var bytes: UInt64 = 0
    /// Plain bytes that need not come: of chunks that were there when the session began, and of files left out or taken back.
    package var bytesResumed: UInt64 = 0
    /// Bytes of chunk frames, as sent or as arrived.
    package var wireBytes: UInt64 = 0
    /// Files under their final names (receiver), or sealed and not taken back (sender), since the session began.
    package var files: UInt64 = 0
    /// Files that had ended when the session came to them, were left out or taken back.
    package var filesResumed: UInt64 = 0

    package init() {}
}
