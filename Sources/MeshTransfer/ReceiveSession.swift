// Station 1, upwards: says of each chunk that arrived whether it was wanted, and orders what follows it: store
// (`ChunkDecoder`, `ChunkSink`), commit (journal), and only then acknowledge and finish.
package import MeshWire
package import NIOCore

/// The receiving half of a transfer: plans what is missing from its journal, asks for it, stores, commits, acknowledges,
/// finishes. Pure: events and time in, instructions out.
///
/// ```
///  page → journaled → (plan) → missing → (want) → arrived → (store) → written → (commit) → acknowledged
///                                 ↑________ corrupt, lane lost ______|                 |
///                                                       sealed + all committed → (finish) → ended
/// ```
package struct ReceiveSession: Sendable {
    /// What the shell does next. It answers those that say so with the event of the same name.
    package enum Instruction: Sendable {
        /// Unpack this page; answer `pageDecoded`.
        case decodePage(first: UInt64, count: Int, rawLength: Int, deflated: ByteBuffer)
        /// Keep these entries; answer `pageKept`.
        case keepPage([ManifestEntry])
        case send(DataMessage)
        /// Reckon the room that the whole manifest needs; answer `roomIsThere`, or that the disk is full.
        case reckonRoom
        /// Look up these many entries from this number on, compare parts with the journal's word; answer `planned`.
        case plan(from: UInt64, limit: Int)
        /// Verify and write; answer `stored` for each.
        case store([ChunkArrival])
        /// Make the parts of these files, which are empty, large, or may not get their names; answer `partsMade`.
        case makeParts([ReceivedEntry])
        /// Give a lane back the credit of chunks whose buffers are free.
        case release(LaneName, bytes: Int)
        /// One transaction; answer `committed`.
        case commit(CommitGroup)
        case acknowledge(NumberSet)
        /// Give these files their final names; answer `finished`.
        case finish([ReceivedEntry])
        /// Remove the part of an entry that was taken back or left out, or the file that it has become; answer `discarded`.
        case discard(ReceivedEntry)
        /// All files are done: make links, finish folders, compute the root, sign and keep the receipt; answer `completed`.
        case complete
        /// The other side has the receipt, or does not need it.
        case done
        case fail(FailureCode, toPeer: Bool)
        /// The peer broke the protocol.
        case disconnect(WireError)
    }

    /// One chunk's result, with where its credit belongs.
    package struct Stored: Sendable {
        package var entry: UInt64
        package var number: UInt64
        package var length: Int
        package var digest: Digest
        package var outcome: StoreOutcome

        package init(entry: UInt64, number: UInt64, length: Int, digest: Digest, outcome: StoreOutcome) {
            self.entry = entry
            self.number = number
            self.length = length
            self.digest = digest
            self.outcome = outcome
        }
    }

    /// Large files that get their room at the same time.
    static let makeLimit = 2
    /// Entries asked of the journal at a time.
    static let planBatch = 1_024
    static let storeBatchBytes = 1024 * 1024
    static let storeBatchChunks = 64
    static let finishBatch = 64
    /// Failures of one chunk that end the transfer.
    static let attemptLimit = 5
    /// Acknowledged chunks that are acknowledged again after a lane was lost.
    static let recentLimit = 8_192
    /// Pages that may wait: the sender keeps four ahead, and sends them again with each lead that is lost: six losses within
    /// the time that a page takes. 24 pages are 6 MiB.
    static let pageLimit = 24
    /// Without any chunk for this long (10 s in nanoseconds) what is missing is asked for again.
    static let stallLimit: UInt64 = 10_000_000_000

    var totals: ManifestTotals
    var announced: (entries: UInt64, chunks: UInt64)?
    /// What the manifest must be, where the offer said it whole.
    var promise: ManifestPromise?
    /// More was offered than there is room for: nothing is wanted before it is known how much of that will be written.
    var isRoomDoubtful: Bool
    var isReckoning = false
    /// The destination's file system may refuse names: doubtful ones are tried before anything of their files is wanted.
    let triesNames: Bool
    var isKeepingPage = false
    var isDecoding = false
    var queuedPages: [Instruction] = []
    /// A page is missing, and was asked for again.
    var isPageMissing = false
    var window = ReceiveWindow()
    /// The next entry to plan.
    var cursor: UInt64 = 0
    var isPlanning = false
    /// Chunks below this bound were planned: one of them may come late; one at or beyond it was never wanted.
    var plannedChunks: UInt64 = 0
    var buffer = CommitBuffer()
    var committing = CommitGroup()
    var storing = 0
    /// Files taken back while chunks of theirs are being written: their parts are removed after the last of these.
    var leaving: [UInt64: (entry: ReceivedEntry, storing: Int)] = [:]
    /// Large files whose room is to be made, and files whose names are to be tried, before their chunks are wanted, and those that are being made.
    var unmade: [UInt64] = []
    var making: [UInt64: ReceivedEntry] = [:]
    /// Files taken back while they get their names: removed as soon as they have them.
    var takenBack: Set<UInt64> = []
    var recent: [Range<UInt64>] = []
    var attempts: [UInt64: Int] = [:]
    /// Nil where files are kept.
    var passage: OrderedPassage?
    /// Chunks of files of open length that were there when they were planned.
    var held = NumberSet()
    /// Entries of open length of which nothing more is to come.
    var leftOut: [SkipReason: NumberSet] = [:]
    /// Entries whose end was not told when they were planned.
    var opened: Set<UInt64> = []
    var finishing = 0
    /// Files that are kept as `finishing` and are not told to be finished yet; counted in `finishing`.
    var unnamed: [ReceivedEntry] = []
    /// Parts and files that are being removed.
    var discarding = 0
    var lastArrival: UInt64
    var isCompleting = false
    var isEnded = false
    var isReceiptSent = false
    /// What ends the transfer: left-out entries, then the receipt.
    var closing: [DataMessage] = []
    package internal(set) var counters = TransferCounters()

    /// `totals`: what the journal holds of the manifest when the session begins. `promise`: what the offer said of it, nil
    /// while the sender counts. `isRoomDoubtful`: the destination has less room than what was offered takes. `triesNames`: its
    /// file system may refuse names. `passage`: where the one file is not kept but passed on in order.
    package init(
        totals: ManifestTotals, promise: ManifestPromise? = nil, isRoomDoubtful: Bool = false, triesNames: Bool = false,
        passage: OrderedPassage? = nil, now: UInt64
    ) {
        self.triesNames = triesNames
        self.isRoomDoubtful = isRoomDoubtful
        self.totals = totals
        self.promise = promise
        self.passage = passage
        lastArrival = now
    }

    /// The accept left: planning begins with what the journal has.
    package mutating func start(now: UInt64) -> [Instruction] {
        lastArrival = now
        return advance(now: now)
    }

    // MARK: what the sender says

    package mutating func message(_ message: DataMessage, now: UInt64) -> [Instruction] {
        guard !isEnded else { return [] }
        switch message {
        case .manifestPage(let first, let count, let rawLength, let deflated):
            return page(
                .decodePage(first: first, count: count, rawLength: rawLength, deflated: deflated), now: now)
        case .manifestEnd(let entries, let chunks):
            // The manifest only grows: what a lane that ended brings late does not take its end back.
            guard entries >= announced?.entries ?? 0 else { return [] }
            announced = (entries, chunks)
            guard isEndTrue else { return violation(.invalid("chunk count")) }
            isPageMissing = isPageMissing || hasGap
            guard !hasGap else { return [.send(.manifestAgain(from: totals.entries))] }
            return advance(now: now)
        case .sealed(let entries): return sealed(entries, now: now)
        case .length(let entry, let size): return told(size, entry, now: now)
        case .received:
            guard isReceiptSent else { return violation(.invalid("answer to a receipt")) }
            isEnded = true
            return [.done]
        case .failed(let code):
            isEnded = true
            return [.fail(code, toPeer: false)]
        case .want, .manifestKept, .manifestAgain, .damaged, .held, .skipped, .receipt:
            return violation(.invalid("message of a receiver"))
        }
    }

    /// What was announced of the manifest's end, where that is reached, is what its entries add up to.
    private var isEndTrue: Bool {
        announced.map { $0.entries != totals.entries || $0.chunks == totals.chunks } ?? true
    }

    /// The end was announced and no page is under way, yet entries are missing.
    private var hasGap: Bool {
        guard let announced else { return false }
        return announced.entries > totals.entries && !isDecoding && !isKeepingPage && queuedPages.isEmpty
    }

    private mutating func page(_ instruction: Instruction, now: UInt64) -> [Instruction] {
        guard queuedPages.count < Self.pageLimit else { return violation(.invalid("number of manifest pages")) }
        queuedPages.append(instruction)
        return advance(now: now)
    }

    /// The pool's answer to `decodePage`. A page that was seen is ignored, one too far ahead is asked for again.
    package mutating func pageDecoded(first: UInt64, _ entries: [ManifestEntry], now: UInt64) -> [Instruction] {
        isDecoding = false
        guard !isEnded else { return [] }
        guard first <= totals.entries else {
            isPageMissing = true
            return [.send(.manifestAgain(from: totals.entries))] + advance(now: now)
        }
        let fresh = entries.dropFirst(Int(min(UInt64(entries.count), totals.entries - first)))
        for entry in fresh {
            guard totals.add(entry) else { return violation(.invalid("manifest entry")) }
            guard promise?.allows(entry, totals: totals) ?? true else {
                return violation(.invalid("manifest: it is not what was offered"))
            }
            if passage != nil, totals.entries > 1 || entry.kind != .file {
                return fail(entry.kind == .withdrawal ? .sourceChanged : .oneFile)
            }
        }
        guard isEndTrue else { return violation(.invalid("chunk count")) }
        guard !fresh.isEmpty else { return [.send(.manifestKept(entries: totals.entries))] + advance(now: now) }
        // What was signed is no longer all of it: the sender could not prove the receipt and added what had changed.
        isCompleting = false
        closing = []
        isPageMissing = false
        isKeepingPage = true
        return [.keepPage(Array(fresh))]
    }

    /// The journal's answer to `keepPage`. `withdrawn`: earlier entries that the page takes back, as the journal has them. A
    /// file among them that is getting its name has it before it is removed.
    package mutating func pageKept(withdrawn: [ReceivedEntry], now: UInt64) -> [Instruction] {
        isKeepingPage = false
        guard !isEnded else { return [] }
        var instructions: [Instruction] = [.send(.manifestKept(entries: totals.entries))]
        // The end came while this page was being kept, and before what lies between.
        if hasGap, !isPageMissing {
            isPageMissing = true
            instructions.append(.send(.manifestAgain(from: totals.entries)))
        }
        for entry in withdrawn {
            guard let file = window[entry.number] else {
                // Links are made at the end, and may have been there at an earlier one.
                if entry.part != nil || entry.manifest.kind == .link { instructions.append(discard(entry)) }
                continue
            }
            if file.isFinishing {
                takenBack.insert(entry.number)
                continue
            }
            window.remove(entry: entry.number)
            countResumed(bytes: file.missingBytes, files: 1)
            if file.storing == 0 {
                instructions.append(discard(file.entry))
            } else {
                leaving[entry.number] = (file.entry, file.storing)
            }
        }
        return instructions + name() + advance(now: now)
    }

    private mutating func sealed(_ entries: NumberSet, now: UInt64) -> [Instruction] {
        // Only entries of the window matter. Whatever a message names, following it takes no longer than that is long.
        let numbers =
            entries.count <= window.count
            ? entries.ranges.flatMap(Array.init) : window.all.map(\.entry.number).filter(entries.contains).sorted()
        for number in numbers where window[number]?.isSealed == false && window[number]?.entry.manifest.isOpen == false
        {
            window[number]?.isSealed = true
            buffer.add(now: now) { $0.sealed.append(number) }
            prepareFinish(number, now: now)
        }
        return advance(now: now)
    }

    /// A file of open length ended behind `size` bytes. What has come of it must fit that. Before it was planned
    /// this changes nothing: it will be asked for.
    private mutating func told(_ size: UInt64, _ number: UInt64, now: UInt64) -> [Instruction] {
        guard let file = window[number] else { return [] }
        var manifest = file.entry.manifest
        guard manifest.isOpen else {
            guard manifest.room > 0, manifest.size == size else { return violation(.invalid("length")) }
            return sealed(NumberSet(number..<number + 1), now: now)
        }
        guard manifest.tell(size) else { return violation(.invalid("length")) }
        let plan = FilePlan(entry: number, manifest: manifest)
        let come = NumberSet(file.plan.chunks).subtracting(file.missing)
        guard come.ranges.last?.upperBound ?? 0 <= plan.chunks.upperBound,
            file.shortEnd ?? size == size, file.wholeEnd <= size, totals.tell(size),
            promise?.allowsEnd(totals: totals) ?? true
        else { return violation(.invalid("length")) }
        opened.remove(number)
        window[number]?.entry.manifest = manifest
        window[number]?.plan = plan
        window[number]?.missing = file.missing.intersection(NumberSet(plan.chunks))
        window[number]?.isSealed = true
        buffer.add(now: now) {
            $0.lengths[number] = size
            $0.sealed.append(number)
        }
        prepareFinish(number, now: now)
        guard plan.chunks.isEmpty, file.entry.part == nil, let entry = window[number]?.entry else {
            return advance(now: now)
        }
        return [.makeParts([entry])] + advance(now: now)
    }

    mutating func violation(_ error: WireError) -> [Instruction] {
        guard !isEnded else { return [] }
        isEnded = true
        return [.disconnect(error)]
    }

    mutating func fail(_ code: FailureCode) -> [Instruction] {
        guard !isEnded else { return [] }
        isEnded = true
        return [.fail(code, toPeer: true)]
    }
}
