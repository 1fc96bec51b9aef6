import MeshWire

// What keeps the sender busy: pages, then reading ahead, then lanes.
extension SendSession {
    /// Everything that can be done now.
    mutating func pump() -> [Instruction] {
        guard !isEnded else { return [] }
        var instructions: [Instruction] = []
        feedPages(&instructions)
        fillLanes(&instructions)
        while let instruction = readAhead() {
            instructions.append(instruction)
            guard case .encode = instruction else { break }
        }
        return instructions
    }

    private mutating func feedPages(_ instructions: inout [Instruction]) {
        guard !lanes.isEmpty else { return }
        switch feed.next() {
        case .page(let from): instructions.append(.sendPage(from: from))
        case .end(let entries, let chunks): instructions.append(.send(.manifestEnd(entries: entries, chunks: chunks)))
        case .none: break
        }
    }

    /// Gives waiting batches to the lanes with the most room, in order.
    private mutating func fillLanes(_ instructions: inout [Instruction]) {
        var taken = 0
        while taken < ready.count, let name = freest(for: ready[taken].cost) {
            let batch = ready[taken]
            taken += 1
            readyBytes -= batch.cost
            lanes[name]?.queued += batch.cost
            lanes[name]?.credit -= UInt64(batch.cost)
            counters.wireBytes += UInt64(batch.cost)
            for (record, length) in zip(batch.records, batch.lengths) {
                everSent.insert(record.number)
                // What was acknowledged while it was read once more for a lost lane waits for nothing.
                guard inFlight.contains(record.number) else { continue }
                sent[record.number] = Sent(record: record, length: length, lane: name)
            }
            instructions.append(.transmit(name, batch.frames))
        }
        ready.removeFirst(taken)
    }

    /// Encoded bytes that wait for the link. Batches that no lane has room for count where lanes are full although the
    /// receiver would take more: where credit is what is missing, fewer bytes would not make the receiver faster.
    var waitingForLink: Int {
        let isLinkBound = lanes.values.contains {
            $0.queued >= Self.laneQueue && $0.credit >= UInt64(Self.batchBytes)
        }
        return lanes.values.reduce(isLinkBound ? readyBytes : 0) { $0 + $1.queued }
    }

    /// The mean over the lanes that tell; those that carry nothing yet have no word.
    var networkShare: NetworkShare {
        var told: [Double] = []
        for case .told(let share) in lanes.values.map(\.share) { told.append(share) }
        if !told.isEmpty { return .told(told.reduce(0, +) / Double(told.count)) }
        return lanes.values.contains { $0.share == .awaited } ? .awaited : .untold
    }

    /// Whether another batch may be read: while the link is not known, no more of it is prepared than a slow one needs.
    private var hasRoomAhead: Bool {
        let ahead = readyBytes + jobBytes
        guard policy.awaits(networkShare) else { return ahead < Self.encodeAhead }
        return lanes.values.reduce(ahead) { $0 + $1.queued } < Self.blindAhead
    }

    private func freest(for cost: Int) -> LaneName? {
        lanes.filter { $0.value.queued < Self.laneQueue && $0.value.credit >= UInt64(cost) }
            .min { ($0.value.queued, $0.key.prime) < ($1.value.queued, $1.key.prime) }?.key
    }

    /// The next batch to read, if there is work, and room for what it yields.
    private mutating func readAhead() -> Instruction? {
        guard !lanes.isEmpty, !records.isFull, jobs.count < Self.jobLimit, hasRoomAhead else { return nil }
        var pieces: [ChunkPiece] = []
        var bytes = 0
        gathering: while pieces.count < Self.batchChunks, let number = wanted.ranges.first?.lowerBound {
            switch window.find(number) {
            case .file(let found, _):
                // The window may have it from before its end was told.
                let entry = opened[found.number]?.source ?? found
                let (offset, length) = FilePlan(entry: entry.number, manifest: entry.manifest).extent(of: number)
                guard pieces.isEmpty || bytes + length <= Self.batchBytes else { break gathering }
                pieces.append(ChunkPiece(entry: entry, number: number, offset: offset, length: length))
                bytes += length
                wanted.remove(number)
            case .gone(let next):
                wanted.remove(contentsOf: number..<next)
            case .load:
                guard pieces.isEmpty else { break gathering }
                window.loading()
                return .load(holding: number)
            case .loading: break gathering
            }
        }
        return pieces.isEmpty ? nil : .encode(begin(pieces, bytes: bytes))
    }

    private mutating func begin(_ pieces: [ChunkPiece], bytes: Int) -> EncodeJob {
        let choice = policy.choose(waiting: waiting, given: counters.wireBytes, share: networkShare)
        let job = EncodeJob(id: nextJob, pieces: pieces, choice: choice)
        nextJob += 1
        jobs[job.id] = pieces
        jobBytes += bytes
        for piece in pieces {
            inFlight.insert(piece.number)
            reading[piece.entry.number, default: 0] += 1
        }
        return job
    }

    /// The journal's answer to `load`.
    package mutating func loaded(_ files: [SourceEntry], holding chunk: UInt64) -> [Instruction] {
        let files = files.filter { !takenBack.contains($0.number) }
        if let next = window.loaded(files, holding: chunk) {
            if next > chunk { wanted.remove(contentsOf: chunk..<next) }
        } else {
            // No file holds this chunk or a later one: all of them were withdrawn.
            wanted.remove(contentsOf: chunk..<max(totals.chunks, chunk + 1))
        }
        return pump()
    }

    /// The pool's answer to `encode`. Entries that changed or could not be read are taken back; those whose last wanted
    /// chunk was read are sealed: the job compared the file after reading it.
    package mutating func encoded(
        _ id: UInt64, _ batch: EncodedBatch, failed: [(entry: SourceEntry, error: DiskError)]
    ) -> [Instruction] {
        guard let pieces = jobs.removeValue(forKey: id), !isEnded else { return [] }
        jobBytes -= pieces.reduce(0) { $0 + $1.length }
        if !batch.records.isEmpty {
            ready.append(batch)
            readyBytes += batch.cost
            policy.encoded(plain: batch.lengths.reduce(0, +), wire: batch.cost)
        }
        let read = Set(batch.records.map(\.number))
        let again = Set(failed.map(\.entry).filter { wasKept($0, pieces) }.map(\.number))
        for piece in pieces {
            if !read.contains(piece.number), inFlight.contains(piece.number) {
                inFlight.remove(piece.number)
                if again.contains(piece.entry.number) { wanted.insert(piece.number) }
            }
            reading[piece.entry.number, default: 1] -= 1
            if reading[piece.entry.number] == 0 { reading[piece.entry.number] = nil }
        }
        let lost = Set(failed.map(\.entry.number))
        let changed = failed.map(\.entry).filter { !again.contains($0.number) }
        var instructions = changed.isEmpty ? [] : takeBack(changed)
        let whole = unique(pieces.map(\.entry)).filter {
            !lost.contains($0.number) && $0.manifest.room == 0 && isRead($0)
        }
        instructions += seal(whole)
        return instructions + pump()
    }

    /// Of open length, and acknowledged in part since the job began, for a lane that was lost: what is acknowledged is held no
    /// longer, and the others of the batch are read once more.
    private func wasKept(_ entry: SourceEntry, _ pieces: [ChunkPiece]) -> Bool {
        guard entry.manifest.room > 0, !takenBack.contains(entry.number) else { return false }
        return pieces.contains { $0.entry.number == entry.number && !inFlight.contains($0.number) }
    }

    private func unique(_ entries: [SourceEntry]) -> [SourceEntry] {
        var seen = Set<UInt64>()
        return entries.filter { seen.insert($0.number).inserted }
    }

    private func isRead(_ entry: SourceEntry) -> Bool {
        let chunks = FilePlan(entry: entry.number, manifest: entry.manifest).chunks
        return reading[entry.number] == nil && !wanted.intersects(chunks)
    }

    /// The disk's answer to `checkSeals`.
    package mutating func sealsChecked(unchanged: [SourceEntry], changed: [SourceEntry]) -> [Instruction] {
        isCheckingSeals = false
        guard !isEnded else { return [] }
        let unchanged = unchanged.filter { !takenBack.contains($0.number) }
        var instructions = seal(unchanged.filter { $0.manifest.room == 0 })
        instructions += tell(unchanged.filter { $0.manifest.room > 0 })
        if !changed.isEmpty { instructions += takeBack(changed) }
        return instructions + pump() + checkSeals()
    }

    /// Says where files of open length ended, which seals them.
    mutating func tell(_ entries: [SourceEntry]) -> [Instruction] {
        let live = entries.filter { !takenBack.contains($0.number) && !$0.manifest.isOpen }
        let words = live.map { Instruction.send(.length(entry: $0.number, size: $0.manifest.size)) }
        return words + (count(sealed: live).map { [.seal([], fresh: $0)] } ?? [])
    }

    /// Says that these are sealed; each counts once, however often it is said.
    private mutating func seal(_ entries: [SourceEntry]) -> [Instruction] {
        guard !entries.isEmpty else { return [] }
        return [.seal(entries, fresh: count(sealed: entries) ?? [])]
    }

    /// Those of which it is said for the first time; nil where there are none.
    private mutating func count(sealed entries: [SourceEntry]) -> [SourceEntry]? {
        let fresh = entries.filter { !everSealed.contains($0.number) }
        for entry in fresh { everSealed.insert(entry.number) }
        counters.files += UInt64(fresh.count)
        return fresh.isEmpty ? nil : fresh
    }

    mutating func takeBack(_ entries: [SourceEntry]) -> [Instruction] {
        var again: [SourceEntry] = []
        var given: [SourceEntry] = []
        for entry in entries where !takenBack.contains(entry.number) {
            forget(entry)
            let count = changes[entry.manifest.path, default: 0] + 1
            changes[entry.manifest.path] = count
            if count <= Self.changeLimit { again.append(entry) } else { given.append(entry) }
        }
        return (again.isEmpty ? [] : [.withdraw(again, again: true)])
            + (given.isEmpty ? [] : [.withdraw(given, again: false)])
    }

    mutating func stopped(_ entries: NumberSet) -> [Instruction] {
        let files = opened.values.filter { entries.contains($0.source.number) }
        for file in files {
            wanted.remove(contentsOf: file.plan.numbers)
            unread.remove(contentsOf: file.plan.numbers)
        }
        return files.map { .stop($0.source) }
    }

    /// What an earlier link brought of files of open length: it is held here for nothing. One question to the journal at a
    /// time, however often a receiver says it.
    mutating func held(_ chunks: NumberSet) -> [Instruction] {
        heldAsked.formUnion(chunks)
        guard heldAsked.ranges.count <= 8 * Limits.ranges else { return violation() }
        return keepHeld()
    }

    /// The journal's answer to `keep`.
    package mutating func kept() -> [Instruction] {
        isKeeping = false
        return isEnded ? [] : keepHeld()
    }

    private mutating func keepHeld() -> [Instruction] {
        guard !isKeeping else { return [] }
        let there = opened.values.compactMap { file -> (entry: SourceEntry, chunks: NumberSet)? in
            let chunks = heldAsked.intersection(NumberSet(file.plan.numbers.lowerBound..<file.readable))
            return chunks.isEmpty ? nil : (file.source, chunks)
        }
        heldAsked = NumberSet()
        isKeeping = !there.isEmpty
        return there.isEmpty ? [] : [.keep(there)]
    }

    /// Nothing more of it leaves.
    mutating func forget(_ entry: SourceEntry) {
        takenBack.insert(entry.number)
        if everSealed.contains(entry.number) {
            everSealed.remove(entry.number)
            counters.files -= 1
        }
        let numbers = FilePlan(entry: entry.number, manifest: entry.manifest).numbers
        wanted.remove(contentsOf: numbers)
        unread.remove(contentsOf: numbers)
        opened[entry.number] = nil
        window.remove(entry: entry.number)
    }
}

extension RangeSet where Bound == UInt64 {
    /// True where every number of `other` is in the set: looked up range by range, so that a few cost little in a set of many.
    package func holds(_ other: RangeSet<UInt64>) -> Bool {
        other.ranges.allSatisfy { range in
            let index = ranges.firstAfter { $0.upperBound <= range.lowerBound }
            return index < ranges.endIndex && ranges[index].lowerBound <= range.lowerBound
                && ranges[index].upperBound >= range.upperBound
        }
    }

    /// True where any number of `range` is in the set.
    package func intersects(_ range: Range<UInt64>) -> Bool {
        ranges.contains { $0.overlaps(range) }
    }
}

extension RandomAccessCollection {
    /// The first index whose element does not fulfil `isBefore`, where those that do come first.
    fileprivate func firstAfter(_ isBefore: (Element) -> Bool) -> Index {
        var low = startIndex
        var count = self.count
        while count > 0 {
            let middle = index(low, offsetBy: count / 2)
            guard isBefore(self[middle]) else {
                count /= 2
                continue
            }
            low = index(after: middle)
            count -= count / 2 + 1
        }
        return low
    }
}
