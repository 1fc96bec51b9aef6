package import MeshWire

/// An entry with what is to be done for it, after the journal and the disk were asked.
package struct PlannedEntry: Hashable, Sendable {
    package var entry: ReceivedEntry
    /// Chunks that are not there, or not to be trusted.
    package var missing: NumberSet

    package init(entry: ReceivedEntry, missing: NumberSet) {
        self.entry = entry
        self.missing = missing
    }

    /// Chunks that are there and count.
    var present: NumberSet {
        guard entry.state.isUnderWay || entry.state == .finished else { return NumberSet() }
        return NumberSet(FilePlan(entry: entry.number, manifest: entry.manifest).chunks).subtracting(missing)
    }

    /// Nothing of it is to come: the conflict rule says so, or its folder cannot be made.
    package init(leftOut entry: ReceivedEntry, _ reason: SkipReason) {
        self.init(entry: entry, missing: NumberSet())
        self.entry.state = .skipped
        self.entry.reason = reason
    }
}

// What drives the receiver on: pages, plans, commits, and the end.
extension ReceiveSession {
    /// Everything that can be done now.
    mutating func advance(now: UInt64) -> [Instruction] {
        guard !isEnded else { return [] }
        var instructions: [Instruction] = []
        if !isDecoding, !isKeepingPage, !queuedPages.isEmpty {
            isDecoding = true
            instructions.append(queuedPages.removeFirst())
        }
        if isRoomDoubtful, !isReckoning, isManifestHere {
            isReckoning = true
            instructions.append(.reckonRoom)
        }
        // What is still being removed must not stand in its successor's way.
        let isCleared = takenBack.isEmpty && discarding == 0
        if !isRoomDoubtful, !isPlanning, !isKeepingPage, isCleared, cursor < totals.entries,
            window.count <= ReceiveWindow.limit - Self.planBatch
        {
            isPlanning = true
            instructions.append(.plan(from: cursor, limit: Self.planBatch))
        }
        while making.count < Self.makeLimit, !unmade.isEmpty {
            let number = unmade.removeFirst()
            guard let file = window[number] else { continue }
            making[number] = file.entry
            instructions.append(.makeParts([file.entry]))
        }
        commitIfDue(now: now, &instructions)
        if isWhole {
            isCompleting = true
            instructions.append(.complete)
        }
        return instructions
    }

    private mutating func commitIfDue(now: UInt64, _ instructions: inout [Instruction]) {
        // With nothing being written and nothing on its way there is nothing to wait for.
        let isIdle = storing == 0 && finishing == 0 && window.all.allSatisfy { $0.missing.isEmpty }
        guard let group = buffer.take(now: now, isIdle: isIdle) else { return }
        committing = group
        instructions.append(.commit(group))
    }

    /// Every entry was planned and has ended, and the journal knows.
    private var isWhole: Bool {
        guard !isCompleting, isManifestHere, cursor == totals.entries else { return false }
        // What is still being removed may bear the name of what comes last, a link.
        guard discarding == 0 else { return false }
        return window.isEmpty && !isPlanning && storing == 0 && finishing == 0 && !buffer.isCommitting
            && buffer.group.isEmpty
    }

    /// All that the sender has told of is in the journal.
    private var isManifestHere: Bool {
        guard let announced, announced.entries == totals.entries else { return false }
        return !isKeepingPage && !isDecoding && queuedPages.isEmpty
    }

    /// The answer to `reckonRoom` where there is enough.
    package mutating func roomIsThere(now: UInt64) -> [Instruction] {
        isRoomDoubtful = false
        return advance(now: now)
    }

    /// The journal's and the disk's answer to `plan`, for the entries before `next`.
    package mutating func planned(_ entries: [PlannedEntry], next: UInt64, now: UInt64) -> [Instruction] {
        isPlanning = false
        guard !isEnded else { return [] }
        cursor = next
        var missing: [Range<UInt64>] = []
        var seals = NumberSet()
        var empty: [ReceivedEntry] = []
        var taken: [ReceivedEntry] = []
        var held: [Range<UInt64>] = []
        var leftOutNow: [SkipReason: NumberSet] = [:]
        for planned in entries where planned.entry.manifest.kind == .file {
            if planned.entry.manifest.room > 0 {
                held += planned.present.ranges
                if planned.entry.state == .skipped, let reason = planned.entry.reason {
                    leftOutNow[reason, default: NumberSet()].insert(planned.entry.number)
                }
            }
            let plan = FilePlan(entry: planned.entry.number, manifest: planned.entry.manifest)
            plannedChunks = max(plannedChunks, plan.chunks.upperBound)
            guard planned.entry.state.isUnderWay else {
                if planned.entry.state == .finished { counters.chunksResumed += UInt64(plan.chunks.count) }
                countResumed(bytes: plan.size, files: 1)
                // A crash may have come between the word of the withdrawal and the removal of the part.
                let isLeft = planned.entry.state == .withdrawn || planned.entry.reason?.isRefusal == true
                if isLeft && planned.entry.part != nil { taken.append(planned.entry) }
                continue
            }
            let file = activate(planned, plan)
            counters.chunksResumed += UInt64(plan.chunks.count) - planned.missing.count
            countResumed(bytes: plan.size - file.missingBytes)
            let isDoubtful = plan.size >= Limits.sizedFile || triesNames && file.entry.manifest.hasDoubtfulName
            if passage == nil, isDoubtful, !plan.chunks.isEmpty, file.entry.part == nil {
                window[plan.entry]?.isUnmade = true
                unmade.append(plan.entry)
                continue
            }
            missing.append(contentsOf: askable(file).ranges)
            if plan.chunks.isEmpty && file.entry.part == nil {
                empty.append(file.entry)
            } else if !file.isSealed && (planned.missing.isEmpty || file.entry.manifest.room > 0) {
                seals.insert(plan.entry)
            }
            prepareFinish(plan.entry, now: now)
        }
        let heldNow = NumberSet(held)
        self.held.formUnion(heldNow)
        leftOut.merge(leftOutNow) { $0.union($1) }
        var instructions = Self.say(held: heldNow) + sayLeftOut(leftOutNow)
        instructions += wants(NumberSet(missing), seals: seals) + taken.map { discard($0) }
        for start in stride(from: 0, to: empty.count, by: Self.finishBatch) {
            instructions.append(.makeParts(Array(empty[start..<min(start + Self.finishBatch, empty.count)])))
        }
        return instructions + advance(now: now)
    }

    static func say(held: NumberSet) -> [Instruction] {
        held.pieces(of: Limits.ranges).map { .send(.held(chunks: $0)) }
    }

    /// Files of open length of which nothing is to come: their sender would read on until its memory for that is full.
    func sayLeftOut(_ left: [SkipReason: NumberSet]) -> [Instruction] {
        left.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { reason, entries in
            entries.pieces(of: Limits.ranges).map { .send(.skipped(reason, entries: $0, chunks: NumberSet())) }
        }
    }

    /// What is missing of a file, as far as it may be asked for.
    private mutating func askable(_ file: ActiveFile) -> NumberSet {
        guard passage != nil else { return file.missing }
        return (passage?.next(file.plan)).map { file.missing.intersection(NumberSet($0)) } ?? NumberSet()
    }

    /// So many bytes of the one file are passed on: more of it can be asked for, and behind its last it is done.
    package mutating func passedOn(_ bytes: UInt64, now: UInt64) -> [Instruction] {
        passage?.pass(bytes)
        guard !isEnded, let file = window.all.first else { return [] }
        prepareFinish(file.plan.entry, now: now)
        return wants(askable(file), seals: NumberSet()) + advance(now: now)
    }

    /// Sizes are the journal's word, which nothing else bears out here: together no more than all there is.
    mutating func countResumed(bytes: UInt64, files: UInt64 = 0) {
        let (sum, isTooMuch) = counters.bytesResumed.addingReportingOverflow(bytes)
        counters.bytesResumed = min(isTooMuch ? .max : sum, totals.bytes - min(counters.bytes, totals.bytes))
        counters.filesResumed += files
    }

    private mutating func activate(_ planned: PlannedEntry, _ plan: FilePlan) -> ActiveFile {
        // An empty file has nothing that could be torn: it needs no seal.
        let isSealed = planned.entry.state != .open || plan.chunks.isEmpty
        let file = ActiveFile(entry: planned.entry, plan: plan, missing: planned.missing, isSealed: isSealed)
        window.insert(file)
        if planned.entry.manifest.isOpen { opened.insert(plan.entry) }
        return file
    }

    func wants(_ missing: NumberSet, seals: NumberSet) -> [Instruction] {
        let chunks = missing.pieces(of: Limits.ranges)
        let entries = seals.pieces(of: Limits.ranges)
        return (0..<max(chunks.count, entries.count)).map { index in
            .send(
                .want(
                    chunks: index < chunks.count ? chunks[index] : NumberSet(),
                    seals: index < entries.count ? entries[index] : NumberSet()))
        }
    }

    /// The shell's answer to `complete`: these messages, the receipt last, leave now. `entries`: those that were signed for;
    /// where more came meanwhile there will be another receipt.
    package mutating func completed(
        entries: UInt64, skipped: [SkipReason: NumberSet], receipt: DataMessage, now: UInt64
    ) -> [Instruction] {
        guard !isEnded else { return [] }
        guard entries == totals.entries else { return advance(now: now) }
        closing = skipped.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { reason, entries in
            entries.pieces(of: Limits.ranges).map { .skipped(reason, entries: $0, chunks: NumberSet()) }
        }
        closing.append(receipt)
        isReceiptSent = true
        return closing.map { .send($0) }
    }

    /// What is known of the manifest so far.
    package var known: ManifestTotals { totals }

    /// What is held of the manifest is within its bounds.
    package var isWithinBounds: Bool {
        window.count <= ReceiveWindow.limit && queuedPages.count <= Self.pageLimit && recent.count <= Self.recentLimit
    }

    /// The sender has not yet said that the manifest is whole, or where a file ends.
    package var isCounting: Bool {
        (announced.map { $0.entries > totals.entries } ?? true) || opened.contains { window[$0] != nil }
    }

    /// Nothing is missing but what a pipe at the other side may bring.
    package var waitsForInput: Bool {
        !window.isEmpty && storing == 0 && window.all.allSatisfy { $0.entry.manifest.isOpen }
    }

    /// Something is owed by the sender: chunks, seals, a page, or its answer to the receipt.
    private var isWaiting: Bool { !window.isEmpty || isPageMissing || !closing.isEmpty }

    /// When `tick` is next of use.
    package var nextDeadline: UInt64? {
        let stall = isWaiting ? lastArrival + Self.stallLimit : nil
        guard let due = buffer.deadline else { return stall }
        return stall.map { min($0, due) } ?? due
    }

    package mutating func tick(now: UInt64) -> [Instruction] {
        guard !isEnded else { return [] }
        var instructions: [Instruction] = []
        if isWaiting, storing == 0, now >= lastArrival + Self.stallLimit { instructions = resynchronize(now: now) }
        return instructions + advance(now: now)
    }
}

extension EntryState {
    /// The entry still needs chunks, a seal or its rename.
    var isUnderWay: Bool {
        switch self {
        case .open, .sealed, .finishing: true
        case .finished, .skipped, .withdrawn: false
        }
    }
}

extension RangeSet where Bound == UInt64 {
    /// The set in parts of at most `limit` ranges: one message each.
    package func pieces(of limit: Int) -> [RangeSet<UInt64>] {
        let all = Array(ranges)
        return stride(from: 0, to: all.count, by: limit).map { RangeSet(all[$0..<Swift.min($0 + limit, all.count)]) }
    }
}
