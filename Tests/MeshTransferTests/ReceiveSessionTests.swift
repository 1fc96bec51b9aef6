import MeshTransfer
import MeshWire
import NIOCore
import Testing

/// The receiver's side of conversations: each line is an event and what it leads to.
@Suite struct ReceiveSessionTests {
    typealias Stored = ReceiveSession.Stored

    private let now: UInt64 = 5_000_000_000

    private func stored(
        _ number: UInt64, of entry: UInt64, length: Int = 1, _ outcome: StoreOutcome? = nil
    ) -> Stored {
        Stored(
            entry: entry, number: number, length: length, digest: digest(number),
            outcome: outcome ?? .written(part(entry)))
    }

    /// A session whose journal has files of `sizes`, all of them planned and nothing of them there; one of them wanted.
    private func session(_ sizes: [UInt64]) -> ReceiveSession {
        let entries = received(sizes)
        var session = ReceiveSession(totals: totals(entries.map(\.manifest)), now: now)
        _ = session.start(now: now)
        _ = session.planned(entries.map { plan($0) }, next: UInt64(sizes.count), now: now)
        let chunks = totals(entries.map(\.manifest)).chunks
        _ = session.message(.manifestEnd(entries: UInt64(sizes.count), chunks: chunks), now: now)
        return session
    }

    /// All of it missing, or what is given.
    private func plan(_ entry: ReceivedEntry, missing: NumberSet? = nil) -> PlannedEntry {
        let plan = FilePlan(entry: entry.number, manifest: entry.manifest)
        return PlannedEntry(entry: entry, missing: missing ?? NumberSet(plan.chunks))
    }

    private func page(_ first: UInt64, _ count: Int) -> DataMessage {
        .manifestPage(first: first, count: count, rawLength: 1, deflated: ByteBuffer())
    }

    private let receipt = DataMessage.receipt(body: [1], signature: [2])

    // MARK: the whole way

    @Test func aTransferFromPageToReceipt() {
        let entries = received([300_000, 1])
        let length = Int(300_000 - chunkSize)
        var session = ReceiveSession(totals: ManifestTotals(), now: now)
        #expect(session.start(now: now).text == [])
        #expect(session.message(page(0, 2), now: now).text == ["decode page 0 (2)"])
        #expect(session.pageDecoded(first: 0, entries.map(\.manifest), now: now).text == ["keep page of 2"])
        #expect(session.pageKept(withdrawn: [], now: now).text == ["send kept 2", "plan from 0"])
        #expect(session.planned(entries.map { plan($0) }, next: 2, now: now).text == ["send want 0-2"])
        #expect(session.message(.manifestEnd(entries: 2, chunks: 3), now: now).text == [])
        let first = [arrival(0, rawLength: Int(chunkSize)), arrival(2, rawLength: 1)]
        #expect(session.arrived(first, on: laneA, now: now).text == ["store 0,2"])
        #expect(
            session.stored([stored(0, of: 0), stored(2, of: 1)], released: [laneA: 2 * headerCost], now: now).text
                == ["release 114 on 1009"])
        #expect(session.message(.sealed(entries: set(0, 1)), now: now).text == [])
        #expect(session.arrived([arrival(1, rawLength: length)], on: laneB, now: now).text == ["store 1"])
        // Nothing else is on its way: written, hence committed; whole and sealed, hence finishing in the same group.
        #expect(
            session.stored([stored(1, of: 0)], released: [laneB: headerCost], now: now).text
                == ["release 57 on 1013", "commit chunks 0-2 parts 0-1 sealed 0-1 finishing 0-1"])
        #expect(session.committed(now: now).text == ["acknowledge 0-2", "finish 0-1"])
        let ended = [EndedEntry(number: 0, state: .finished), EndedEntry(number: 1, state: .finished)]
        #expect(session.finished(ended, now: now).text == ["commit ended 0-1"])
        #expect(session.committed(now: now).text == ["complete"])
        #expect(session.completed(skipped: NumberSet(), receipt: receipt).text == ["send receipt"])
        #expect(session.message(.received(root: digest(9)), now: now).text == ["done"])
        #expect(session.counters.chunks == 3)
        #expect(session.counters.files == 2)
        #expect(session.counters.chunksLate == 0)
    }

    @Test func nothingIsAcknowledgedOrRenamedBeforeItsCommit() {
        var session = session([1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        #expect(
            session.stored([stored(0, of: 0)], released: [:], now: now).text == ["commit chunks 0 parts 0"])
        // Sealed while the commit is under way: into the next one.
        #expect(session.message(.sealed(entries: set(0)), now: now).text == [])
        #expect(session.committed(now: now).text == ["acknowledge 0", "commit sealed 0 finishing 0"])
        #expect(session.committed(now: now).text == ["finish 0"])
    }

    @Test func aSealBeforeTheDataWaitsForThem() {
        var session = session([1])
        #expect(session.message(.sealed(entries: set(0)), now: now).text == [])
        #expect(session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now).text == ["store 0"])
        #expect(
            session.stored([stored(0, of: 0)], released: [:], now: now).text
                == ["commit chunks 0 parts 0 sealed 0 finishing 0"])
    }

    @Test func aFileWithoutItsSealIsNotFinished() {
        var session = session([1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0)], released: [:], now: now)
        #expect(session.committed(now: now).text == ["acknowledge 0"])
        #expect(session.tick(now: now + second).text == [])
        // Nothing came for ten seconds: it asks.
        #expect(session.tick(now: now + 10 * second).text == ["send kept 1", "acknowledge 0", "send want seals 0"])
    }

    @Test func commitsAreGatheredForATenthOfASecond() {
        var session = session([1, 1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        #expect(session.stored([stored(0, of: 0)], released: [:], now: now).text == [])
        #expect(session.nextDeadline == now + second / 10)
        #expect(session.tick(now: now + second / 10 - 1).text == [])
        #expect(session.tick(now: now + second / 10).text == ["commit chunks 0 parts 0"])
    }

    // MARK: empty files, other entries

    @Test func anEmptyFileNeedsNoChunkAndNoSeal() {
        let entries = received([0])
        var session = ReceiveSession(totals: totals(entries.map(\.manifest)), now: now)
        #expect(session.start(now: now).text == ["plan from 0"])
        #expect(session.message(.manifestEnd(entries: 1, chunks: 0), now: now).text == [])
        #expect(session.planned([plan(entries[0])], next: 1, now: now).text == ["make parts 0"])
        #expect(session.partsMade([0: part(0)], now: now).text == ["commit parts 0 finishing 0"])
        #expect(session.committed(now: now).text == ["finish 0"])
        #expect(session.finished([EndedEntry(number: 0, state: .finished)], now: now).text == ["commit ended 0"])
        #expect(session.committed(now: now).text == ["complete"])
    }

    @Test func aTransferOfNothingIsComplete() {
        var session = ReceiveSession(totals: ManifestTotals(), now: now)
        #expect(session.start(now: now).text == [])
        #expect(session.isCounting)
        #expect(session.message(.manifestEnd(entries: 0, chunks: 0), now: now).text == ["complete"])
        #expect(!session.isCounting)
    }

    @Test func foldersAndLinksEndWithTheTransfer() {
        let folder = ReceivedEntry(number: 0, manifest: ManifestEntry(kind: .folder, path: bytes("d"), mode: 0o755))
        let link = ReceivedEntry(number: 1, manifest: ManifestEntry(kind: .link, path: bytes("l"), target: bytes("d")))
        var session = ReceiveSession(totals: totals([folder.manifest, link.manifest]), now: now)
        _ = session.start(now: now)
        _ = session.message(.manifestEnd(entries: 2, chunks: 0), now: now)
        let planned = [folder, link].map { PlannedEntry(entry: $0, missing: NumberSet()) }
        #expect(session.planned(planned, next: 2, now: now).text == ["complete"])
    }

    @Test func whatWasLeftOutIsSaidBeforeTheReceipt() {
        var skipped = received([1])[0]
        skipped.state = .skipped
        var session = ReceiveSession(totals: totals([skipped.manifest]), now: now)
        _ = session.start(now: now)
        _ = session.message(.manifestEnd(entries: 1, chunks: 1), now: now)
        #expect(session.planned([plan(skipped)], next: 1, now: now).text == ["complete"])
        let closing = ["send skipped 0", "send receipt"]
        #expect(session.completed(skipped: set(0), receipt: receipt).text == closing)
        // A lane is gone, and perhaps both with it.
        #expect(session.laneLost(laneA, now: now).text == closing)
    }

    // MARK: resumed

    @Test func aResumedPartIsAskedForItsRestAlone() {
        var entry = received([chunkSize * 3])[0]
        entry.part = part(0)
        var session = ReceiveSession(totals: totals([entry.manifest]), now: now)
        _ = session.start(now: now)
        #expect(session.planned([plan(entry, missing: set(1))], next: 1, now: now).text == ["send want 1"])
        #expect(session.counters.chunksResumed == 2)
        #expect(session.counters.bytesResumed == chunkSize * 2)
        _ = session.message(.sealed(entries: set(0)), now: now)
        _ = session.arrived([arrival(1, rawLength: Int(chunkSize))], on: laneA, now: now)
        // The part is known already.
        #expect(
            session.stored([stored(1, of: 0)], released: [:], now: now).text == ["commit chunks 1 sealed 0 finishing 0"])
    }

    @Test func aResumedPartThatIsWholeNeedsItsSealAlone() {
        var entry = received([1])[0]
        entry.part = part(0)
        var session = ReceiveSession(totals: totals([entry.manifest]), now: now)
        _ = session.start(now: now)
        #expect(session.planned([plan(entry, missing: NumberSet())], next: 1, now: now).text == ["send want seals 0"])
        #expect(session.message(.sealed(entries: set(0)), now: now).text == ["commit sealed 0 finishing 0"])
    }

    @Test func aSealedOrFinishingFileThatIsWholeIsFinishedAtOnce() {
        for state in [EntryState.sealed, .finishing] {
            var entry = received([1])[0]
            entry.part = part(0)
            entry.state = state
            var session = ReceiveSession(totals: totals([entry.manifest]), now: now)
            _ = session.start(now: now)
            let planned = session.planned([plan(entry, missing: NumberSet())], next: 1, now: now)
            #expect(planned.text == ["commit finishing 0"])
            #expect(session.committed(now: now).text == ["finish 0"])
        }
    }

    @Test func whatEndedEarlierIsNotAskedForAgain() {
        var entries = received([1, 1, 1])
        entries[0].state = .finished
        entries[1].state = .skipped
        entries[2].state = .withdrawn
        entries[2].part = part(2)
        var session = ReceiveSession(totals: totals(entries.map(\.manifest)), now: now)
        _ = session.start(now: now)
        let planned = session.planned(entries.map { plan($0, missing: NumberSet()) }, next: 3, now: now)
        // A part of what was taken back may have survived a crash.
        #expect(planned.text == ["discard 2"])
    }

    @Test func aLargeManifestIsPlannedPieceByPiece() {
        let sizes = [UInt64](repeating: 1, count: 6_000)
        let entries = received(sizes)
        var session = ReceiveSession(totals: totals(entries.map(\.manifest)), now: now)
        var next: UInt64 = 0
        var lines = session.start(now: now).text
        while lines.last == "plan from \(next)" {
            let end = next + 1_024
            lines = session.planned(entries[Int(next)..<Int(end)].map { plan($0) }, next: end, now: now).text
            #expect(lines.first == "send want \(next)-\(end - 1)")
            next = end
        }
        // At most 4,096 files are under way; the rest follows as they end.
        #expect(next == 4_096)
    }

    // MARK: late, never wanted, off plan

    @Test func aLateChunkIsDroppedAndItsCreditGivenBack() {
        var session = session([1, 1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        #expect(session.arrived([arrival(0, rawLength: 1)], on: laneB, now: now).text == ["release 57 on 1013"])
        #expect(session.counters.chunksLate == 1)
    }

    @Test func aChunkThatWasNeverWantedEndsTheConnection() {
        var session = session([1])
        let text = session.arrived([arrival(1, rawLength: 1)], on: laneA, now: now).text
        #expect(text == ["disconnect: the peer sent an invalid chunk (1) that was not wanted"])
        #expect(session.tick(now: now + second).text == [])
    }

    @Test(arguments: [1, 37_855, 37_857, 262_144]) func aLengthOffPlanEndsTheConnection(length: Int) {
        var session = session([300_000])
        let text = session.arrived([arrival(1, rawLength: length)], on: laneA, now: now).text
        #expect(text == ["disconnect: the peer sent an invalid chunk length"])
    }

    @Test func storingIsCutIntoBatches() {
        var session = session([UInt64](repeating: 1, count: 130))
        let chunks = (0..<UInt64(130)).map { arrival($0, rawLength: 1) }
        #expect(
            session.arrived(chunks, on: laneA, now: now).text == ["store 0-63", "store 64-127", "store 128-129"])
        var large = self.session([chunkSize * 5])
        let pieces = (0..<UInt64(5)).map { arrival($0, rawLength: Int(chunkSize)) }
        #expect(large.arrived(pieces, on: laneA, now: now).text == ["store 0-3", "store 4"])
    }

    // MARK: failures

    @Test func aDamagedChunkIsAskedForAgain() {
        var session = session([1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        #expect(
            session.stored([stored(0, of: 0, .corrupt)], released: [laneA: 57], now: now).text
                == ["release 57 on 1009", "send damaged 0"])
        #expect(session.counters.chunksRetried == 1)
        #expect(session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now).text == ["store 0"])
        #expect(
            session.stored([stored(0, of: 0)], released: [:], now: now).text
                == ["commit chunks 0 parts 0 retries 1"])
    }

    @Test func aDamagedChunkIsAskedForAgainByThatNameWhereTheWordMayBeLost() {
        var session = session([1, 1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0, .corrupt)], released: [:], now: now)
        let text = session.laneLost(laneA, now: now).text
        #expect(text == ["send kept 2", "send damaged 0", "send want 0-1"])
    }

    @Test func fiveFailuresOfOneChunkEndTheTransfer() {
        var session = session([1, 1])
        for _ in 1..<5 {
            _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
            #expect(
                session.stored([stored(0, of: 0, .corrupt)], released: [:], now: now).text == ["send damaged 0"])
        }
        // Those of another chunk are counted apart.
        _ = session.arrived([arrival(1, rawLength: 1)], on: laneA, now: now)
        #expect(session.stored([stored(1, of: 1, .corrupt)], released: [:], now: now).text == ["send damaged 1"])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        #expect(
            session.stored([stored(0, of: 0, .corrupt)], released: [laneA: 57], now: now).text
                == ["release 57 on 1009", "fail integrity, tell the peer"])
        #expect(session.arrived([arrival(1, rawLength: 1)], on: laneA, now: now).text == [])
    }

    @Test func aFullDiskAndAFailedDiskAreToldApart() {
        var full = session([1])
        _ = full.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        #expect(
            full.stored([stored(0, of: 0, .failed(.full(path: "x")))], released: [:], now: now).text
                == ["fail diskFull, tell the peer"])
        var broken = session([1])
        #expect(
            broken.diskFailed(.failed(path: "x", operation: "rename", errno: 5), now: now).text
                == ["fail destination, tell the peer"])
        #expect(broken.diskFailed(.full(path: "x"), now: now).text == [])
    }

    @Test func theSendersEndIsTheReceivers() {
        var session = session([1])
        #expect(session.message(.failed(.sourceChanged), now: now).text == ["fail sourceChanged"])
        #expect(session.message(.sealed(entries: set(0)), now: now).text == [])
        #expect(session.committed(now: now).text == [])
    }

    // MARK: lanes

    @Test func aLostLaneHasAllSaidAgain() {
        var session = session([1, 1, 1])
        _ = session.arrived([arrival(0, rawLength: 1), arrival(2, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0)], released: [:], now: now)
        _ = session.tick(now: now + second)
        _ = session.committed(now: now + second)
        // Chunk 2 is being written: neither asked for nor acknowledged.
        #expect(
            session.laneLost(laneA, now: now + second).text == ["send kept 3", "acknowledge 0", "send want 1 seals 0,2"])
    }

    @Test func aReceiptThatIsNotAnsweredIsSentAgainWithWhatItRestsOn() {
        var session = session([1])
        _ = session.message(.sealed(entries: set(0)), now: now)
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0)], released: [:], now: now)
        _ = session.committed(now: now)
        _ = session.finished([EndedEntry(number: 0, state: .finished)], now: now)
        #expect(session.committed(now: now).text == ["complete"])
        #expect(session.laneLost(laneA, now: now).text == ["send kept 1", "acknowledge 0"])
        #expect(session.nextDeadline == nil)
        #expect(session.completed(skipped: NumberSet(), receipt: receipt).text == ["send receipt"])
        #expect(session.laneLost(laneB, now: now).text == ["acknowledge 0", "send receipt"])
        #expect(session.nextDeadline == now + 10 * second)
        #expect(session.tick(now: now + 10 * second).text == ["acknowledge 0", "send receipt"])
        #expect(session.message(.received(root: digest(0)), now: now).text == ["done"])
        #expect(session.tick(now: now + 20 * second).text == [])
    }

    @Test func aStallAsksForWhatIsMissing() {
        var session = session([1, 1])
        #expect(session.nextDeadline == now + 10 * second)
        #expect(session.tick(now: now + 10 * second - 1).text == [])
        #expect(session.tick(now: now + 10 * second).text == ["send kept 2", "send want 0-1"])
        #expect(session.tick(now: now + 11 * second).text == [])
    }

    @Test func wantsAreCutToWhatAMessageHolds() {
        let count: UInt64 = 3
        let sizes = [UInt64](repeating: 1024 * 1024 * 12_000, count: Int(count))
        let entries = received(sizes)
        var session = ReceiveSession(totals: totals(entries.map(\.manifest)), now: now)
        _ = session.start(now: now)
        let planned = entries.map { entry in
            let chunks = FilePlan(entry: entry.number, manifest: entry.manifest).chunks
            return plan(entry, missing: NumberSet(stride(from: chunks.lowerBound, to: chunks.upperBound, by: 2)))
        }
        let ranges = planned.reduce(0) { $0 + $1.missing.ranges.count }
        let messages = session.planned(planned, next: count, now: now)
        #expect(ranges > Limits.ranges)
        #expect(messages.count == (ranges + Limits.ranges - 1) / Limits.ranges)
    }

    // MARK: the manifest

    @Test func aPageThatIsKnownIsAnsweredAndOneTooFarAheadIsRefused() {
        let entries = manifest([1, 1, 1])
        var session = ReceiveSession(totals: ManifestTotals(), now: now)
        _ = session.message(page(0, 2), now: now)
        _ = session.pageDecoded(first: 0, Array(entries[0..<2]), now: now)
        _ = session.pageKept(withdrawn: [], now: now)
        #expect(session.message(page(0, 2), now: now).text == ["decode page 0 (2)"])
        #expect(session.pageDecoded(first: 0, Array(entries[0..<2]), now: now).text == ["send kept 2"])
        // Half of it is known.
        #expect(session.message(page(1, 2), now: now).text == ["decode page 1 (2)"])
        #expect(session.pageDecoded(first: 1, Array(entries[1..<3]), now: now).text == ["keep page of 1"])
        #expect(session.pageKept(withdrawn: [], now: now).text == ["send kept 3"])
        #expect(session.message(page(5, 1), now: now).text == ["decode page 5 (1)"])
        #expect(session.pageDecoded(first: 5, [entries[0]], now: now).text == ["send again from 3"])
    }

    @Test func pagesAreReadOneAfterTheOther() {
        let entries = manifest([1, 1])
        var session = ReceiveSession(totals: ManifestTotals(), now: now)
        #expect(session.message(page(0, 1), now: now).text == ["decode page 0 (1)"])
        #expect(session.message(page(1, 1), now: now).text == [])
        #expect(session.pageDecoded(first: 0, [entries[0]], now: now).text == ["keep page of 1"])
        #expect(session.pageKept(withdrawn: [], now: now).text == ["send kept 1", "decode page 1 (1)", "plan from 0"])
    }

    @Test func pagesWithoutEndAreABreach() {
        var session = ReceiveSession(totals: ManifestTotals(), now: now)
        let answers = (0..<100).map { _ in session.message(page(0, 1), now: now).text }
        let breach = answers.firstIndex(of: ["disconnect: the peer sent an invalid number of manifest pages"])
        // Four pages ahead, sent again a few times as lanes come and go.
        #expect((8..<64).contains(try! #require(breach)))
    }

    @Test func numbersThatDoNotContinueAreABreach() {
        var shifted = manifest([1, 1])[1]
        shifted.firstChunk = 7
        var backwards = ReceiveSession(totals: ManifestTotals(), now: now)
        #expect(
            backwards.pageDecoded(first: 0, [shifted], now: now).text
                == ["disconnect: the peer sent an invalid manifest entry"])
        var ahead = ReceiveSession(totals: ManifestTotals(), now: now)
        let withdrawal = ManifestEntry(kind: .withdrawal, path: [], size: 0)
        #expect(
            ahead.pageDecoded(first: 0, [withdrawal], now: now).text
                == ["disconnect: the peer sent an invalid manifest entry"])
    }

    @Test func anEndThatClaimsMoreThanCameIsAnsweredWithWhatIsMissing() {
        var session = ReceiveSession(totals: ManifestTotals(), now: now)
        #expect(session.message(.manifestEnd(entries: 2, chunks: 2), now: now).text == ["send again from 0"])
        #expect(session.isCounting)
    }

    @Test func anOlderEndDoesNotTakeANewerBack() {
        let entries = received([1])
        var session = ReceiveSession(totals: totals(entries.map(\.manifest)), now: now)
        _ = session.start(now: now)
        var finished = entries[0]
        finished.state = .finished
        #expect(session.message(.manifestEnd(entries: 1, chunks: 1), now: now).text == [])
        #expect(session.message(.manifestEnd(entries: 0, chunks: 0), now: now).text == [])
        #expect(session.planned([plan(finished, missing: NumberSet())], next: 1, now: now).text == ["complete"])
    }

    // MARK: withdrawals

    @Test func anEntryTakenBackMidwayLosesItsPart() {
        var session = session([1, 1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0)], released: [:], now: now)
        let withdrawal = ManifestEntry(kind: .withdrawal, path: [], size: 0, firstChunk: 2)
        #expect(session.pageDecoded(first: 2, [withdrawal], now: now).text == ["keep page of 1"])
        #expect(session.pageKept(withdrawn: [0], now: now).text == ["send kept 3", "discard 0", "plan from 2"])
        // What still comes of it is late, not a breach.
        #expect(session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now).text == ["release 57 on 1009"])
        #expect(session.message(.sealed(entries: set(0)), now: now).text == [])
    }

    @Test func aPartIsRemovedAfterTheLastWriteToIt() {
        var session = session([chunkSize * 2, 1])
        let both = [arrival(0, rawLength: Int(chunkSize)), arrival(1, rawLength: Int(chunkSize))]
        _ = session.arrived(both, on: laneA, now: now)
        let withdrawal = ManifestEntry(kind: .withdrawal, path: [], size: 0, firstChunk: 3)
        _ = session.pageDecoded(first: 2, [withdrawal], now: now)
        #expect(session.pageKept(withdrawn: [0], now: now).text == ["send kept 3", "plan from 2"])
        #expect(session.stored([stored(0, of: 0)], released: [laneA: 57], now: now).text == ["release 57 on 1009"])
        // Nor does it matter that the disk refused the last one.
        let last = stored(1, of: 0, .failed(.notFound(path: "f0")))
        #expect(session.stored([last], released: [laneA: 57], now: now).text == ["release 57 on 1009", "discard 0"])
        #expect(session.counters.chunks == 0)
    }

    @Test func whatIsBeingFinishedIsFinished() {
        var session = session([1])
        _ = session.message(.sealed(entries: set(0)), now: now)
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0)], released: [:], now: now)
        let withdrawal = ManifestEntry(kind: .withdrawal, path: [], size: 0, firstChunk: 1)
        _ = session.pageDecoded(first: 1, [withdrawal], now: now)
        #expect(session.pageKept(withdrawn: [0], now: now).text == ["send kept 2", "plan from 1"])
        #expect(session.committed(now: now).text == ["acknowledge 0", "finish 0"])
    }

    // MARK: breaches

    @Test(arguments: [
        DataMessage.want(chunks: NumberSet(), seals: NumberSet()), .manifestKept(entries: 0), .manifestAgain(from: 0),
        .damaged(chunks: NumberSet()), .skipped(entries: NumberSet()), .receipt(body: [], signature: []),
    ]) func theSenderMayNotSpeakForTheReceiver(message: DataMessage) {
        var session = session([1])
        #expect(
            session.message(message, now: now).text == ["disconnect: the peer sent an invalid message of a receiver"])
        #expect(session.message(message, now: now).text == [])
    }

    @Test func anAnswerToAReceiptThatWasNotSentIsABreach() {
        var session = session([1])
        #expect(
            session.message(.received(root: digest(0)), now: now).text
                == ["disconnect: the peer sent an invalid answer to a receipt"])
    }
}
