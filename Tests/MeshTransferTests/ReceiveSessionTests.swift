import MeshTransfer
import MeshWire
import NIOCore
import Testing

/// The receiver's side of conversations: each line is an event and what it leads to.
@Suite struct ReceiveSessionTests {
    // MARK: the whole way

    @Test func aTransferFromPageToReceipt() {
        let entries = received([300_000, 1])
        let length = Int(300_000 - chunkSize)
        var session = ReceiveSession(totals: ManifestTotals(), now: now)
        #expect(session.start(now: now).text == [])
        #expect(session.message(page(0, 2), now: now).text == ["decode page 0 (2)"])
        #expect(session.pageDecoded(first: 0, entries.map(\.manifest), now: now).text == ["keep page of 2"])
        #expect(session.pageKept(withdrawn: [], now: now).text == ["send kept 2", "plan from 0"])
        #expect(session.planned(entries.map { planned($0) }, next: 2, now: now).text == ["send want 0-2"])
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
        #expect(
            session.completed(entries: 2, skipped: [:], receipt: receiptMessage, now: now).text == [
                "send receipt"
            ])
        #expect(session.message(.received(root: digest(9)), now: now).text == ["done"])
        #expect(session.counters.chunks == 3)
        #expect(session.counters.files == 2)
        #expect(session.counters.chunksLate == 0)
    }

    @Test func nothingIsAcknowledgedOrRenamedBeforeItsCommit() {
        var session = receiving([1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        #expect(
            session.stored([stored(0, of: 0)], released: [:], now: now).text == ["commit chunks 0 parts 0"])
        // Sealed while the commit is under way: into the next one.
        #expect(session.message(.sealed(entries: set(0)), now: now).text == [])
        #expect(session.committed(now: now).text == ["acknowledge 0", "commit sealed 0 finishing 0"])
        #expect(session.committed(now: now).text == ["finish 0"])
    }

    @Test func aSealBeforeTheDataWaitsForThem() {
        var session = receiving([1])
        #expect(session.message(.sealed(entries: set(0)), now: now).text == [])
        #expect(session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now).text == ["store 0"])
        #expect(
            session.stored([stored(0, of: 0)], released: [:], now: now).text
                == ["commit chunks 0 parts 0 sealed 0 finishing 0"])
    }

    @Test func aFileWithoutItsSealIsNotFinished() {
        var session = receiving([1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0)], released: [:], now: now)
        #expect(session.committed(now: now).text == ["acknowledge 0"])
        #expect(session.tick(now: now + second).text == [])
        // Nothing came for ten seconds: it asks.
        #expect(session.tick(now: now + 10 * second).text == ["send kept 1", "acknowledge 0", "send want seals 0"])
    }

    @Test func commitsAreGatheredForATenthOfASecond() {
        var session = receiving([1, 1])
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
        #expect(session.planned([planned(entries[0])], next: 1, now: now).text == ["make parts 0"])
        #expect(session.partsMade([0: part(0)], refused: [:], now: now).text == ["commit parts 0 finishing 0"])
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
        let plans = [folder, link].map { PlannedEntry(entry: $0, missing: NumberSet()) }
        #expect(session.planned(plans, next: 2, now: now).text == ["complete"])
    }

    @Test func whatWasLeftOutIsSaidBeforeTheReceipt() {
        var skipped = received([1])[0]
        skipped.state = .skipped
        var session = ReceiveSession(totals: totals([skipped.manifest]), now: now)
        _ = session.start(now: now)
        _ = session.message(.manifestEnd(entries: 1, chunks: 1), now: now)
        #expect(session.planned([planned(skipped)], next: 1, now: now).text == ["complete"])
        let closing = ["send skipped exists 0", "send receipt"]
        #expect(
            session.completed(entries: 1, skipped: [.exists: set(0)], receipt: receiptMessage, now: now).text == closing
        )
        // A lane is gone, and perhaps both with it.
        #expect(session.laneLost(laneA, now: now).text == closing)
    }

    // MARK: resumed

    @Test func aResumedPartIsAskedForItsRestAlone() {
        var entry = received([chunkSize * 3])[0]
        entry.part = part(0)
        var session = ReceiveSession(totals: totals([entry.manifest]), now: now)
        _ = session.start(now: now)
        #expect(session.planned([planned(entry, missing: set(1))], next: 1, now: now).text == ["send want 1"])
        #expect(session.counters.chunksResumed == 2)
        #expect(session.counters.bytesResumed == chunkSize * 2)
        _ = session.message(.sealed(entries: set(0)), now: now)
        _ = session.arrived([arrival(1, rawLength: Int(chunkSize))], on: laneA, now: now)
        // The part is known already.
        #expect(
            session.stored([stored(1, of: 0)], released: [:], now: now).text == ["commit chunks 1 sealed 0 finishing 0"]
        )
    }

    /// What is over when the session comes to it counts as there: progress must reach the whole.
    @Test func whatHasEndedCountsAsThere() {
        var entries = received([chunkSize, 7, 3])
        entries[0].state = .finished
        entries[1].state = .skipped
        var session = ReceiveSession(totals: totals(entries.map(\.manifest)), now: now)
        _ = session.start(now: now)
        let plans = [planned(entries[0], missing: set()), planned(entries[1], missing: set()), planned(entries[2])]
        #expect(session.planned(plans, next: 3, now: now).text == ["send want 2"])
        #expect(session.counters.bytesResumed == chunkSize + 7)
        #expect(session.counters.filesResumed == 2)
        #expect(session.counters.chunksResumed == 1)
    }

    /// Nothing but its row bears out the size of a file that is over: the sum must not end the program.
    @Test func sizesOfTheJournalAreNotTrusted() {
        var entries = received([1, 2])
        for index in entries.indices {
            entries[index].manifest.size = UInt64(Int64.max)
            entries[index].state = .finished
        }
        var session = ReceiveSession(totals: totals(received([1, 2]).map(\.manifest)), now: now)
        _ = session.start(now: now)
        let plans = entries.map { PlannedEntry(entry: $0, missing: NumberSet()) }
        #expect(session.planned(plans, next: 2, now: now).text == [])
        #expect(session.counters.bytesResumed == 3)
    }

    @Test func aResumedPartThatIsWholeNeedsItsSealAlone() {
        var entry = received([1])[0]
        entry.part = part(0)
        var session = ReceiveSession(totals: totals([entry.manifest]), now: now)
        _ = session.start(now: now)
        #expect(
            session.planned([planned(entry, missing: NumberSet())], next: 1, now: now).text == ["send want seals 0"])
        #expect(session.message(.sealed(entries: set(0)), now: now).text == ["commit sealed 0 finishing 0"])
    }

    @Test func aSealedOrFinishingFileThatIsWholeIsFinishedAtOnce() {
        for state in [EntryState.sealed, .finishing] {
            var entry = received([1])[0]
            entry.part = part(0)
            entry.state = state
            var session = ReceiveSession(totals: totals([entry.manifest]), now: now)
            _ = session.start(now: now)
            let plans = session.planned([planned(entry, missing: NumberSet())], next: 1, now: now)
            #expect(plans.text == ["commit finishing 0"])
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
        let plans = session.planned(entries.map { planned($0, missing: NumberSet()) }, next: 3, now: now)
        // A part of what was taken back may have survived a crash.
        #expect(plans.text == ["discard 2"])
    }

    @Test func aLargeManifestIsPlannedPieceByPiece() {
        let sizes = [UInt64](repeating: 1, count: 6_000)
        let entries = received(sizes)
        var session = ReceiveSession(totals: totals(entries.map(\.manifest)), now: now)
        var next: UInt64 = 0
        var lines = session.start(now: now).text
        while lines.last == "plan from \(next)" {
            let end = next + 1_024
            lines = session.planned(entries[Int(next)..<Int(end)].map { planned($0) }, next: end, now: now).text
            #expect(lines.first == "send want \(next)-\(end - 1)")
            next = end
        }
        // At most 4,096 files are under way; the rest follows as they end.
        #expect(next == 4_096)
    }
}
