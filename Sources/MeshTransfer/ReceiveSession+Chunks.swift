package import MeshWire

// The way of a chunk through the receiver: arrived, stored, committed, acknowledged; and of a file: sealed, finished.
extension ReceiveSession {
    /// Chunks as a lane delivered them. Each is wanted, late, or a breach of the protocol.
    package mutating func arrived(_ chunks: [InboundChunk], on lane: LaneName, now: UInt64) -> [Instruction] {
        guard !isEnded else { return [] }
        lastArrival = now
        var instructions: [Instruction] = []
        var batch: [ChunkArrival] = []
        var bytes = 0
        for chunk in chunks {
            counters.wireBytes += UInt64(chunk.cost)
            let number = chunk.header.number
            guard let file = window.file(holding: number), !file.isUnmade, file.missing.contains(number),
                number < passage?.asked ?? .max
            else {
                guard number < plannedChunks else {
                    return violation(.invalid("chunk (\(number)) that was not wanted"))
                }
                counters.chunksLate += 1
                instructions.append(.release(lane, bytes: chunk.cost))
                continue
            }
            let (offset, length) = file.plan.extent(of: number)
            guard isDue(chunk.header.rawLength, length, of: file, at: offset) else {
                return violation(.invalid("chunk length"))
            }
            window[file.entry.number]?.missing.remove(number)
            window[file.entry.number]?.storing += 1
            storing += 1
            batch.append(ChunkArrival(entry: file.entry, offset: offset, chunk: chunk, lane: lane))
            bytes += length
            if batch.count >= Self.storeBatchChunks || bytes >= Self.storeBatchBytes {
                instructions.append(.store(batch))
                batch.removeAll(keepingCapacity: true)
                bytes = 0
            }
        }
        if !batch.isEmpty { instructions.append(.store(batch)) }
        return instructions
    }

    /// Of a file of open length one chunk, the last, may be shorter than the plan says.
    private mutating func isDue(_ length: Int, _ planned: Int, of file: ActiveFile, at offset: UInt64) -> Bool {
        guard file.entry.manifest.isOpen else { return length == planned }
        let end = offset + UInt64(length)
        guard length < planned else {
            window[file.entry.number]?.wholeEnd = max(file.wholeEnd, end)
            return length == planned
        }
        // It comes once more where it did not verify.
        window[file.entry.number]?.shortEnd = end
        return file.shortEnd ?? end == end
    }

    /// The pool's answer to `store`: the buffers are free, so their credit goes back whatever the outcome.
    package mutating func stored(_ results: [Stored], released: [LaneName: Int], now: UInt64) -> [Instruction] {
        storing -= results.count
        guard !isEnded else { return [] }
        var instructions = released.map { Instruction.release($0.key, bytes: $0.value) }
        var again = NumberSet()
        for result in results {
            if let entry = left(result.entry) {
                if leaving[result.entry] == nil { instructions.append(discard(entry)) }
                continue
            }
            window[result.entry]?.storing -= 1
            switch result.outcome {
            case .written(let part): written(result, part, now: now)
            case .corrupt:
                let count = attempts[result.number, default: 0] + 1
                attempts[result.number] = count
                counters.chunksRetried += 1
                buffer.add(now: now) {
                    $0.retries.append(RetryRecord(subject: .chunk(result.number), reason: "digest", time: 0))
                }
                guard count < Self.attemptLimit else { return instructions + fail(.integrity) }
                guard window[result.entry] != nil else { continue }
                window[result.entry]?.missing.insert(result.number)
                again.insert(result.number)
            case .failed(.unfit(_, let reason)): instructions += refuse(result.entry, reason, now: now)
            case .failed(let error): return instructions + fail(error.isFull ? .diskFull : .destination)
            }
        }
        if !again.isEmpty { instructions.append(.send(.damaged(chunks: again))) }
        return instructions + advance(now: now)
    }

    /// Counts down the chunks of a file that was taken back while they were written.
    private mutating func left(_ number: UInt64) -> ReceivedEntry? {
        guard let file = leaving[number] else { return nil }
        leaving[number] = file.storing > 1 ? (file.entry, file.storing - 1) : nil
        return file.entry
    }

    private mutating func written(_ result: Stored, _ part: PartIdentity, now: UInt64) {
        // The entry may have been taken back while its chunk was written: the row would have no part.
        guard let file = window[result.entry] else { return }
        attempts[result.number] = nil
        let isNew = file.entry.part == nil
        window[result.entry]?.entry.part = part
        counters.chunks += 1
        counters.bytes += UInt64(result.length)
        buffer.add(now: now) {
            $0.bytes += UInt64(result.length)
            if isNew { $0.parts[result.entry] = part }
            $0.chunks.append(ChunkRecord(number: result.number, digest: result.digest))
        }
        prepareFinish(result.entry, now: now)
    }

    /// The destination cannot hold this file: nothing more of it is to come, and the others go on.
    private mutating func refuse(_ number: UInt64, _ reason: SkipReason, now: UInt64) -> [Instruction] {
        guard let file = window[number] else { return [] }
        window.remove(entry: number)
        countResumed(bytes: file.missingBytes, files: 1)
        for chunk in attempts.keys where file.plan.chunks.contains(chunk) { attempts[chunk] = nil }
        buffer.add(now: now) { $0.ended.append(EndedEntry(skipped: number, reason)) }
        if file.storing > 0 { leaving[number] = (file.entry, file.storing) }
        if file.entry.manifest.room > 0 { leftOut[reason, default: NumberSet()].insert(number) }
        let word = DataMessage.skipped(
            reason, entries: NumberSet(number..<number + 1), chunks: NumberSet(file.plan.chunks))
        return (file.storing > 0 ? [] : [discard(file.entry)]) + [.send(word)]
    }

    /// The disk's answer to `makeParts`.
    package mutating func partsMade(
        _ parts: [UInt64: PartIdentity], refused: [UInt64: SkipReason], now: UInt64
    ) -> [Instruction] {
        guard !isEnded else { return [] }
        var instructions: [Instruction] = []
        for (number, reason) in refused {
            making[number] = nil
            instructions += refuse(number, reason, now: now)
        }
        var missing: [Range<UInt64>] = []
        var seals = NumberSet()
        for (number, part) in parts {
            let entry = making.removeValue(forKey: number)
            guard let file = window[number] else {
                // Taken back meanwhile: whichever came first, nothing stays.
                if let entry { instructions.append(discard(entry)) }
                continue
            }
            window[number]?.entry.part = part
            window[number]?.isUnmade = false
            if file.isUnmade {
                missing.append(contentsOf: file.missing.ranges)
                // Its end may have been told before this was asked for.
                if file.entry.manifest.room > 0, !file.isSealed { seals.insert(number) }
            }
            buffer.add(now: now) { $0.parts[number] = part }
            prepareFinish(number, now: now)
        }
        return instructions + wants(NumberSet(missing), seals: seals) + advance(now: now)
    }

    /// A file that is written and sealed goes into the next transaction as `finishing`; its rename follows the commit.
    mutating func prepareFinish(_ entry: UInt64, now: UInt64) {
        guard let file = window[entry], file.isSealed, file.isWritten, !file.isFinishing, let part = file.entry.part,
            passage?.isThrough(file.plan) ?? true
        else { return }
        window[entry]?.isFinishing = true
        window[entry]?.entry.state = .finishing
        buffer.add(now: now) { $0.finishing[entry] = part }
    }

    /// The journal's answer to `commit`: what it holds is acknowledged, and files that are whole get their names.
    package mutating func committed(now: UInt64) -> [Instruction] {
        buffer.committed()
        let group = committing
        committing = CommitGroup()
        guard !isEnded else { return [] }
        var instructions: [Instruction] = []
        acknowledge(group, &instructions)
        let entries = group.finishing.keys.sorted().compactMap { window[$0]?.entry }
        unnamed += entries
        finishing += entries.count
        for ended in group.ended {
            // Taken back between its renaming and this commit.
            if takenBack.remove(ended.number) != nil, var entry = window[ended.number]?.entry {
                entry.state = ended.state
                entry.finalName = ended.finalName
                instructions.append(discard(entry))
            }
            // The name was refused: what has been written is removed now that this is known for good.
            if ended.reason?.isRefusal == true, let entry = window[ended.number]?.entry {
                instructions.append(discard(entry))
            }
            window.remove(entry: ended.number)
        }
        return instructions + name() + advance(now: now)
    }

    /// Files whose turn it is get their names. While something that was taken back is still being removed nobody does: its file
    /// may bear the very name, and what came anew would take itself for it, just before it goes.
    mutating func name() -> [Instruction] {
        var instructions: [Instruction] = []
        for entry in unnamed where takenBack.remove(entry.number) != nil {
            window.remove(entry: entry.number)
            finishing -= 1
            instructions.append(discard(entry))
        }
        unnamed.removeAll { window[$0.number] == nil }
        guard takenBack.isEmpty, discarding == 0 else { return instructions }
        for start in stride(from: 0, to: unnamed.count, by: Self.finishBatch) {
            instructions.append(.finish(Array(unnamed[start..<min(start + Self.finishBatch, unnamed.count)])))
        }
        unnamed = []
        return instructions
    }

    mutating func discard(_ entry: ReceivedEntry) -> Instruction {
        discarding += 1
        return .discard(entry)
    }

    /// The disk's answer to `discard`.
    package mutating func discarded(now: UInt64) -> [Instruction] {
        discarding -= min(discarding, 1)
        return isEnded ? [] : name() + advance(now: now)
    }

    private mutating func acknowledge(_ group: CommitGroup, _ instructions: inout [Instruction]) {
        guard !group.chunks.isEmpty else { return }
        let numbers = NumberSet(numbers: group.chunks.lazy.map(\.number))
        for piece in numbers.pieces(of: Limits.ranges) { instructions.append(.acknowledge(piece)) }
        recent.append(contentsOf: numbers.ranges)
        if recent.count > Self.recentLimit { recent.removeFirst(recent.count - Self.recentLimit) }
    }

    /// The disk's answer to `finish`.
    package mutating func finished(_ ended: [EndedEntry], now: UInt64) -> [Instruction] {
        finishing -= ended.count
        guard !isEnded else { return [] }
        var instructions: [Instruction] = []
        for end in ended {
            let isTakenBack = takenBack.remove(end.number) != nil
            if end.state == .finished && !isTakenBack { counters.files += 1 } else { counters.filesResumed += 1 }
            guard isTakenBack, var entry = window[end.number]?.entry else { continue }
            entry.state = end.state
            entry.finalName = end.finalName
            instructions.append(discard(entry))
        }
        buffer.add(now: now) { $0.ended.append(contentsOf: ended) }
        return instructions + name() + advance(now: now)
    }

    /// The disk could not finish a file, make a part or a plan.
    package mutating func diskFailed(_ error: DiskError, now: UInt64) -> [Instruction] {
        fail(error.isFull ? .diskFull : .destination)
    }

    /// The sender closed a lane, or it was lost: what was asked for may not come, what was said may not have arrived.
    package mutating func laneLost(_ lane: LaneName, now: UInt64) -> [Instruction] {
        guard !isEnded else { return [] }
        return resynchronize(now: now)
    }

    /// A lane is up. `isOnly`: there was none before, so that what was said meanwhile reached nobody.
    package mutating func laneOpened(isOnly: Bool, now: UInt64) -> [Instruction] {
        guard !isEnded, isOnly else { return [] }
        return resynchronize(now: now)
    }

    /// Says again all that the sender must know.
    mutating func resynchronize(now: UInt64) -> [Instruction] {
        lastArrival = now
        let manifest: DataMessage =
            isPageMissing ? .manifestAgain(from: totals.entries) : .manifestKept(entries: totals.entries)
        var instructions: [Instruction] = closing.isEmpty ? [.send(manifest)] : []
        for piece in NumberSet(recent).pieces(of: Limits.ranges) { instructions.append(.acknowledge(piece)) }
        // The sender checks a receipt with the digests of what was acknowledged.
        guard closing.isEmpty else { return instructions + closing.map { .send($0) } }
        let missing = window.missing.intersection(NumberSet(0..<(passage?.asked ?? Limits.chunks)))
        instructions += Self.say(held: held)
        instructions += sayLeftOut(leftOut)
        // To the sender these are on their way still.
        let damaged = NumberSet(numbers: attempts.keys.filter(missing.contains))
        for piece in damaged.pieces(of: Limits.ranges) { instructions.append(.send(.damaged(chunks: piece))) }
        return instructions + wants(missing, seals: window.unsealed)
    }
}

extension DiskError {
    /// No space is left: the peer is told so, for it is what a person there asks first.
    package var isFull: Bool {
        if case .full = self { return true }
        return false
    }
}
