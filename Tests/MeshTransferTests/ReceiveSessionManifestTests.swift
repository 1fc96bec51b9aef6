import MeshTransfer
import MeshWire
import NIOCore
import Testing

/// What a receiver says again, how its manifest grows and shrinks, and what its sender may not do.
@Suite struct ReceiveSessionManifestTests {
    // MARK: lanes

    @Test func aLostLaneHasAllSaidAgain() {
        var session = receiving([1, 1, 1])
        _ = session.arrived([arrival(0, rawLength: 1), arrival(2, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0)], released: [:], now: now)
        _ = session.tick(now: now + second)
        _ = session.committed(now: now + second)
        // Chunk 2 is being written: neither asked for nor acknowledged.
        #expect(
            session.laneLost(laneA, now: now + second).text == [
                "send kept 3", "acknowledge 0", "send want 1 seals 0,2",
            ])
    }

    @Test func aReceiptThatIsNotAnsweredIsSentAgainWithWhatItRestsOn() {
        var session = receiving([1])
        _ = session.message(.sealed(entries: set(0)), now: now)
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0)], released: [:], now: now)
        _ = session.committed(now: now)
        _ = session.finished([EndedEntry(number: 0, state: .finished)], now: now)
        #expect(session.committed(now: now).text == ["complete"])
        #expect(session.laneLost(laneA, now: now).text == ["send kept 1", "acknowledge 0"])
        #expect(session.nextDeadline == nil)
        #expect(
            session.completed(entries: 1, skipped: [:], receipt: receiptMessage, now: now).text == [
                "send receipt"
            ])
        #expect(session.laneLost(laneB, now: now).text == ["acknowledge 0", "send receipt"])
        #expect(session.nextDeadline == now + 10 * second)
        #expect(session.tick(now: now + 10 * second).text == ["acknowledge 0", "send receipt"])
        #expect(session.message(.received(root: digest(0)), now: now).text == ["done"])
        #expect(session.tick(now: now + 20 * second).text == [])
    }

    @Test func theFirstLaneAfterNoneHasAllSaidAgain() {
        var session = receiving([1, 1])
        #expect(session.laneOpened(isOnly: false, now: now).text == [])
        #expect(session.laneOpened(isOnly: true, now: now).text == ["send kept 2", "send want 0-1"])
    }

    @Test func aStallAsksForWhatIsMissing() {
        var session = receiving([1, 1])
        #expect(session.nextDeadline == now + 10 * second)
        #expect(session.tick(now: now + 10 * second - 1).text == [])
        #expect(session.tick(now: now + 10 * second).text == ["send kept 2", "send want 0-1"])
        #expect(session.tick(now: now + 11 * second).text == [])
    }

    @Test func wantsAreCutToWhatAMessageHolds() {
        let count: UInt64 = 3
        let sizes = [UInt64](repeating: 1024 * 1024 * 12_000, count: Int(count))
        var entries = received(sizes)
        // Their room is made.
        for index in entries.indices { entries[index].part = part(UInt64(index)) }
        var session = ReceiveSession(totals: totals(entries.map(\.manifest)), now: now)
        _ = session.start(now: now)
        let plans = entries.map { entry in
            let chunks = FilePlan(entry: entry.number, manifest: entry.manifest).chunks
            return planned(entry, missing: NumberSet(stride(from: chunks.lowerBound, to: chunks.upperBound, by: 2)))
        }
        let ranges = plans.reduce(0) { $0 + $1.missing.ranges.count }
        let messages = session.planned(plans, next: count, now: now)
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

    @Test func aPageThatIsMissingIsAskedForUntilItComes() {
        let entries = manifest([1, 1])
        var session = ReceiveSession(totals: ManifestTotals(), now: now)
        #expect(session.nextDeadline == nil)
        _ = session.message(page(1, 1), now: now)
        #expect(session.pageDecoded(first: 1, [entries[1]], now: now).text == ["send again from 0"])
        #expect(session.nextDeadline == now + 10 * second)
        #expect(session.tick(now: now + 10 * second).text == ["send again from 0"])
        #expect(session.laneLost(laneA, now: now + 10 * second).text == ["send again from 0"])
        _ = session.message(page(0, 2), now: now + 10 * second)
        #expect(session.pageDecoded(first: 0, entries, now: now + 10 * second).text == ["keep page of 2"])
        #expect(session.nextDeadline == nil)
    }

    @Test func anOlderEndDoesNotTakeANewerBack() {
        let entries = received([1])
        var session = ReceiveSession(totals: totals(entries.map(\.manifest)), now: now)
        _ = session.start(now: now)
        var finished = entries[0]
        finished.state = .finished
        #expect(session.message(.manifestEnd(entries: 1, chunks: 1), now: now).text == [])
        #expect(session.message(.manifestEnd(entries: 0, chunks: 0), now: now).text == [])
        #expect(session.planned([planned(finished, missing: NumberSet())], next: 1, now: now).text == ["complete"])
    }

    // MARK: withdrawals

    @Test func anEntryTakenBackMidwayLosesItsPart() {
        var session = receiving([1, 1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0)], released: [:], now: now)
        let withdrawal = ManifestEntry(kind: .withdrawal, path: [], size: 0, firstChunk: 2)
        #expect(session.pageDecoded(first: 2, [withdrawal], now: now).text == ["keep page of 1"])
        #expect(
            session.pageKept(withdrawn: [takenBack(0)], now: now).text == ["send kept 3", "discard 0"])
        // No rule must find it in its successor's way.
        #expect(session.discarded(now: now).text == ["plan from 2"])
        // What still comes of it is late, not a breach.
        #expect(session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now).text == ["release 57 on 1009"])
        #expect(session.message(.sealed(entries: set(0)), now: now).text == [])
    }

    @Test func aPartIsRemovedAfterTheLastWriteToIt() {
        var session = receiving([chunkSize * 2, 1])
        let both = [arrival(0, rawLength: Int(chunkSize)), arrival(1, rawLength: Int(chunkSize))]
        _ = session.arrived(both, on: laneA, now: now)
        let withdrawal = ManifestEntry(kind: .withdrawal, path: [], size: 0, firstChunk: 3)
        _ = session.pageDecoded(first: 2, [withdrawal], now: now)
        #expect(session.pageKept(withdrawn: [takenBack(0)], now: now).text == ["send kept 3", "plan from 2"])
        #expect(session.stored([stored(0, of: 0)], released: [laneA: 57], now: now).text == ["release 57 on 1009"])
        // Nor does it matter that the disk refused the last one.
        let last = stored(1, of: 0, .failed(.notFound(path: "f0")))
        #expect(session.stored([last], released: [laneA: 57], now: now).text == ["release 57 on 1009", "discard 0"])
        #expect(session.counters.chunks == 0)
    }

    @Test func whatIsAboutToBeFinishedIsRemovedInstead() {
        var session = receiving([1])
        _ = session.message(.sealed(entries: set(0)), now: now)
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0)], released: [:], now: now)
        let withdrawal = ManifestEntry(kind: .withdrawal, path: [], size: 0, firstChunk: 1)
        _ = session.pageDecoded(first: 1, [withdrawal], now: now)
        #expect(session.pageKept(withdrawn: [takenBack(0)], now: now).text == ["send kept 2"])
        #expect(session.committed(now: now).text == ["acknowledge 0", "discard 0"])
        #expect(session.discarded(now: now).text == ["plan from 1"])
    }

    /// Its successor would find the name taken.
    @Test func whatGetsItsNameMeanwhileIsRemovedAfterwards() {
        var session = receiving([1])
        _ = session.message(.sealed(entries: set(0)), now: now)
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0)], released: [:], now: now)
        #expect(session.committed(now: now).text == ["acknowledge 0", "finish 0"])
        let withdrawal = ManifestEntry(kind: .withdrawal, path: [], size: 0, firstChunk: 1)
        _ = session.pageDecoded(first: 1, [withdrawal], now: now)
        #expect(session.pageKept(withdrawn: [takenBack(0)], now: now).text == ["send kept 2"])
        let ended = EndedEntry(number: 0, state: .finished, finalName: bytes("f0 (1)"))
        #expect(session.finished([ended], now: now).text == ["discard 0", "commit ended 0"])
        #expect(session.discarded(now: now).text == ["plan from 1"])
        #expect(session.counters.files == 0)
    }

    @Test func whatWasFinishedBeforeItWasTakenBackIsRemoved() {
        var session = receiving([1])
        let withdrawal = ManifestEntry(kind: .withdrawal, path: [], size: 0, firstChunk: 1)
        _ = session.pageDecoded(first: 1, [withdrawal], now: now)
        let finished = takenBack(7, part: part(7))
        #expect(session.pageKept(withdrawn: [finished], now: now).text == ["send kept 2", "discard 7"])
        #expect(session.discarded(now: now).text == ["plan from 1"])
    }

    /// The same file comes anew: it would take the one that is about to go for itself.
    @Test func whatComesAnewIsNamedOnceTheOldOneIsRemoved() {
        var session = receiving([1, 1])
        _ = session.message(.sealed(entries: set(0, 1)), now: now)
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0)], released: [:], now: now)
        _ = session.tick(now: now + second)
        #expect(session.committed(now: now).text.contains("finish 0"))
        _ = session.arrived([arrival(1, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(1, of: 1)], released: [:], now: now)
        _ = session.tick(now: now + 2 * second)
        let withdrawal = ManifestEntry(kind: .withdrawal, path: [], size: 0, firstChunk: 2)
        _ = session.pageDecoded(first: 2, [withdrawal], now: now)
        _ = session.pageKept(withdrawn: [takenBack(0)], now: now)
        #expect(!session.committed(now: now).text.contains("finish 1"), "0 is still getting its name")
        let ended = EndedEntry(number: 0, state: .finished, finalName: nil)
        let removed = session.finished([ended], now: now).text
        #expect(removed.contains("discard 0") && !removed.contains("finish 1"), "\(removed)")
        #expect(session.discarded(now: now).text.contains("finish 1"))
    }

    // MARK: more after the receipt

    /// The sender lost digests in a crash, cannot prove the receipt, and sends what it has now.
    @Test func aManifestThatGrowsAfterTheReceiptGetsAnother() {
        var session = receiving([])
        #expect(
            session.completed(entries: 0, skipped: [:], receipt: receiptMessage, now: now).text == [
                "send receipt"
            ])
        let fresh = received([1])[0].manifest
        #expect(session.pageDecoded(first: 0, [fresh], now: now).text == ["keep page of 1"])
        #expect(session.pageKept(withdrawn: [], now: now).text == ["send kept 1", "plan from 0"])
        // The old receipt is not said again.
        #expect(session.laneLost(laneA, now: now).text == ["send kept 1"])
    }

    @Test func aReceiptForLessThanIsHereByNowStays() {
        var session = receiving([])
        let fresh = received([1])[0].manifest
        _ = session.pageDecoded(first: 0, [fresh], now: now)
        #expect(session.completed(entries: 0, skipped: [:], receipt: receiptMessage, now: now).text == [])
    }

    // MARK: breaches

    @Test(arguments: [
        DataMessage.want(chunks: NumberSet(), seals: NumberSet()), .manifestKept(entries: 0), .manifestAgain(from: 0),
        .damaged(chunks: NumberSet()), .skipped(.exists, entries: NumberSet(), chunks: NumberSet()),
        .receipt(body: [], signature: []),
    ]) func theSenderMayNotSpeakForTheReceiver(message: DataMessage) {
        var session = receiving([1])
        #expect(
            session.message(message, now: now).text == ["disconnect: the peer sent an invalid message of a receiver"])
        #expect(session.message(message, now: now).text == [])
    }

    @Test func anAnswerToAReceiptThatWasNotSentIsABreach() {
        var session = receiving([1])
        #expect(
            session.message(.received(root: digest(0)), now: now).text
                == ["disconnect: the peer sent an invalid answer to a receipt"])
    }

    // MARK: room

    /// More was offered than there is room for: the whole manifest is looked at before anything is wanted.
    @Test func whereRoomIsDoubtfulItIsReckonedFirst() {
        let entries = received([1, 1])
        var session = ReceiveSession(totals: totals(entries.map(\.manifest)), isRoomDoubtful: true, now: now)
        #expect(session.start(now: now).text == [])
        #expect(session.message(.manifestEnd(entries: 2, chunks: 2), now: now).text == ["reckon room"])
        #expect(session.tick(now: now + second).text == [])
        #expect(session.roomIsThere(now: now).text == ["plan from 0"])
    }

    @Test func withoutRoomNothingIsWanted() {
        let entries = received([1, 1])
        var session = ReceiveSession(totals: totals(entries.map(\.manifest)), isRoomDoubtful: true, now: now)
        _ = session.message(.manifestEnd(entries: 2, chunks: 2), now: now)
        #expect(session.diskFailed(.full(path: "x"), now: now).text == ["fail \(FailureCode.diskFull), tell the peer"])
    }

    // MARK: names

    /// What the destination may not take is made before it is wanted.
    @Test func whereNamesAreRefusedDoubtfulOnesAreTriedFirst() {
        var entries = received([1, 1])
        entries[1].manifest.path = bytes("shot 10:20.png")
        for triesNames in [true, false] {
            var session = ReceiveSession(totals: totals(entries.map(\.manifest)), triesNames: triesNames, now: now)
            _ = session.start(now: now)
            let said = session.planned(entries.map { planned($0) }, next: 2, now: now).text
            #expect(said.contains("make parts 1") == triesNames, "\(said)")
            let refused = session.partsMade([:], refused: [1: .name], now: now).text
            #expect(refused.contains { $0.hasPrefix("send skipped") }, "\(refused)")
        }
    }

    @Test func doubtfulNames() {
        func isDoubtful(_ name: String) -> Bool { ManifestEntry(kind: .file, path: bytes(name)).hasDoubtfulName }
        for name in ["a:b", "d/a?", "x|y", "end.", "end ", "a\u{7}", "a\\b"] { #expect(isDoubtful(name), "\(name)") }
        for name in ["a", "d:/a", "grün", ".hidden", "a b.c", "写真.jpg"] { #expect(!isDoubtful(name), "\(name)") }
        #expect(ManifestEntry(kind: .file, path: [0x61, 0xff]).hasDoubtfulName)
    }
}
