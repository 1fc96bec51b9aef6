import MeshTransfer
import MeshWire
import NIOCore
import Testing

/// The sender's side of conversations: each line is an event and what it leads to.
@Suite struct SendSessionTests {
    /// A session with one lane whose manifest (files of `sizes`) the receiver has.
    private func session(
        _ sizes: [UInt64], lanes: [LaneName] = [laneA], compression: CompressionMode = .never
    ) -> SendSession {
        var session = SendSession(compression: compression)
        _ = session.manifestGrew(to: totals(manifest(sizes)), isComplete: true)
        _ = session.accepted(from: 0)
        for lane in lanes { _ = session.lane(lane, room: SendSession.LaneRoom()) }
        _ = session.pageSent(end: UInt64(sizes.count))
        _ = session.message(.manifestKept(entries: UInt64(sizes.count)))
        return session
    }

    private func want(_ chunks: NumberSet, seals: NumberSet = NumberSet()) -> DataMessage {
        .want(chunks: chunks, seals: seals)
    }

    @Test func aTransferFromPageToReceipt() {
        let files = sources([300_000, 1])
        var session = SendSession(compression: .never)
        #expect(session.manifestGrew(to: totals(files.map(\.manifest)), isComplete: true).text == [])
        #expect(session.accepted(from: 0).text == [])
        #expect(session.lane(laneA, room: SendSession.LaneRoom()).text == ["page from 0"])
        #expect(session.pageSent(end: 2).text == ["send end 2 entries 3 chunks"])
        #expect(session.message(.manifestKept(entries: 2)).text == [])
        #expect(session.message(want(set(0, 1, 2))).text == ["load 0"])
        #expect(session.loaded(files, holding: 0).text == ["encode #0: 0-2 raw"])
        #expect(
            session.encoded(0, batch(0..<3), failed: []).text == ["seal 0-1", "transmit on 1009: 0-2"])
        #expect(session.acknowledged(set(0, 2)).text == ["record 0,2"])
        #expect(session.recorded().text == [])
        #expect(session.acknowledged(set(1)).text == ["record 1"])
        #expect(session.message(.receipt(body: [1], signature: [2])).text == ["check receipt"])
        #expect(session.receiptChecked(.proven(signed(9))).text == ["send received", "complete"])
        #expect(session.counters.chunks == 3 && session.counters.bytes == 3)
        #expect(session.counters.chunksRetried == 0)
        #expect(session.counters.wireBytes == UInt64(3 * headerCost))
    }

    @Test func whatIsSaidAfterTheEndIsIgnored() {
        var session = session([1])
        #expect(session.message(.failed(.cancelled)).text == ["fail cancelled"])
        #expect(session.message(want(set(0))).text == [])
        #expect(session.message(.receipt(body: [], signature: [])).text == [])
        #expect(session.acknowledged(set(0)).text == [])
        #expect(session.receiptChecked(.proven(signed(0))).text == [])
        #expect(session.lane(laneB, room: SendSession.LaneRoom()).text == [])
        #expect(session.sealsChecked(unchanged: sources([1]), changed: []).text == [])
    }

    // MARK: lanes

    @Test func aLostLanesChunksGoAgainOnAnother() {
        let files = sources([1, 1])
        var session = session([1, 1], lanes: [laneA, laneB])
        _ = session.message(want(set(0, 1)))
        _ = session.loaded(files, holding: 0)
        #expect(session.encoded(0, batch(0..<2), failed: []).text == ["seal 0-1", "transmit on 1009: 0-1"])
        #expect(session.acknowledged(set(0)).text == ["record 0"])
        #expect(session.laneLost(laneA, wasLead: false).text == ["encode #1: 1 raw"])
        #expect(session.counters.chunksRetried == 1)
        #expect(session.encoded(1, batch(1..<2), failed: []).text == ["seal 1, some again", "transmit on 1013: 1"])
        #expect(session.recorded().text == [])
        #expect(session.acknowledged(set(1)).text == ["record 1"])
        // Said twice, counted once.
        #expect(session.counters.files == 2)
    }

    @Test func anAcknowledgementThatSurvivedItsLaneIsNotSentAgain() {
        let files = sources([1, 1])
        var session = session([1, 1])
        _ = session.message(want(set(0, 1)))
        _ = session.loaded(files, holding: 0)
        _ = session.encoded(0, batch(0..<2), failed: [])
        #expect(session.laneLost(laneA, wasLead: false).text == [])
        #expect(session.acknowledged(set(0)).text == ["record 0"])
        #expect(session.lane(laneB, room: SendSession.LaneRoom()).text == ["encode #1: 1 raw"])
    }

    @Test func withoutALaneNothingIsRead() {
        var session = session([1], lanes: [])
        #expect(session.message(want(set(0))).text == [])
        #expect(
            session.lane(laneA, room: SendSession.LaneRoom()).text == ["page from 0", "load 0"])
    }

    @Test func theLeadsLossSendsThePagesAgainThatWereNotKept() {
        let entries = manifest([UInt64](repeating: 1, count: 6))
        var session = SendSession(compression: .never)
        _ = session.manifestGrew(to: totals(entries), isComplete: true)
        _ = session.accepted(from: 0)
        #expect(session.lane(laneA, room: SendSession.LaneRoom()).text == ["page from 0"])
        #expect(session.pageSent(end: 2).text == ["page from 2"])
        #expect(session.pageSent(end: 4).text == ["page from 4"])
        #expect(session.pageSent(end: 6).text == ["send end 6 entries 6 chunks"])
        #expect(session.message(.manifestKept(entries: 2)).text == [])
        #expect(session.lane(laneB, room: SendSession.LaneRoom()).text == [])
        #expect(session.laneLost(laneA, wasLead: true).text == ["page from 2"])
        #expect(session.pageSent(end: 6).text == ["send end 6 entries 6 chunks"])
        #expect(session.message(.manifestAgain(from: 4)).text == ["page from 4"])
    }

    @Test func aLaneTakesNoMoreThanItsCredit() {
        let files = sources([1, 1])
        var session = session([1, 1])
        #expect(session.lane(laneA, room: SendSession.LaneRoom(credit: UInt64(headerCost))).text == [])
        _ = session.message(want(set(0, 1)))
        _ = session.loaded(files, holding: 0)
        // Both in one batch: it needs twice the credit that is there.
        #expect(session.encoded(0, batch(0..<2), failed: []).text == ["seal 0-1"])
        let room = SendSession.LaneRoom(credit: UInt64(2 * headerCost))
        #expect(session.lane(laneA, room: room).text == ["transmit on 1009: 0-1"])
    }

    @Test func aLaneWithAFullQueueTakesNothing() {
        let files = sources([1])
        var session = session([1])
        #expect(session.lane(laneA, room: SendSession.LaneRoom(queued: 1024 * 1024)).text == [])
        _ = session.message(want(set(0)))
        _ = session.loaded(files, holding: 0)
        #expect(session.encoded(0, batch(0..<1), failed: []).text == ["seal 0"])
        let room = SendSession.LaneRoom(queued: 1024 * 1024 - 1)
        #expect(session.lane(laneA, room: room).text == ["transmit on 1009: 0"])
    }

    @Test func theLaneWithTheMostRoomTakesTheNextBatch() {
        let files = sources([UInt64](repeating: 1, count: 3))
        var session = session([1, 1, 1], lanes: [laneA, laneB])
        _ = session.lane(laneA, room: SendSession.LaneRoom(queued: 10))
        _ = session.message(want(set(0)))
        #expect(session.loaded(files, holding: 0).text == ["encode #0: 0 raw"])
        #expect(session.encoded(0, batch(0..<1), failed: []).text == ["seal 0", "transmit on 1013: 0"])
        #expect(session.message(want(set(1))).text == ["encode #1: 1 raw"])
        #expect(session.encoded(1, batch(1..<2), failed: []).text == ["seal 1", "transmit on 1009: 1"])
    }

    // MARK: batches

    @Test func smallFilesTravelSixtyFourAtATimeInThreeJobs() {
        let files = sources([UInt64](repeating: 1, count: 300))
        var session = session([UInt64](repeating: 1, count: 300))
        _ = session.message(want(NumberSet(0..<300)))
        #expect(
            session.loaded(files, holding: 0).text
                == ["encode #0: 0-63 raw", "encode #1: 64-127 raw", "encode #2: 128-191 raw"])
        #expect(session.lane(laneA, room: SendSession.LaneRoom()).text == [])
        #expect(
            session.encoded(1, batch(64..<128), failed: []).text
                == ["seal 64-127", "transmit on 1009: 64-127", "encode #3: 192-255 raw"])
    }

    @Test func aBatchHoldsAMebibyte() {
        let files = sources([chunkSize * 6])
        var session = session([chunkSize * 6])
        _ = session.message(want(NumberSet(0..<6)))
        let jobs = session.loaded(files, holding: 0).jobs
        #expect(jobs.map { $0.pieces.reduce(0) { $0 + $1.length } } == [1024 * 1024, 512 * 1024])
        #expect(jobs[0].pieces.map(\.offset) == [0, chunkSize, chunkSize * 2, chunkSize * 3])
    }

    @Test func compressionIsAskedForWhileBatchesWait() {
        let files = sources([1, 1])
        var session = session([1, 1], compression: .level(3))
        _ = session.message(want(set(0, 1)))
        #expect(session.loaded(files, holding: 0).text == ["encode #0: 0-1 deflate 3"])
    }

    // MARK: seals and withdrawals

    @Test func aFileIsSealedOnceItsLastWantedChunkWasRead() {
        let files = sources([chunkSize * 5])
        var session = session([chunkSize * 5])
        _ = session.message(want(NumberSet(0..<5)))
        #expect(session.loaded(files, holding: 0).text == ["encode #0: 0-3 raw", "encode #1: 4 raw"])
        #expect(session.encoded(0, batch(0..<4), failed: []).text == ["transmit on 1009: 0-3"])
        #expect(session.encoded(1, batch(4..<5), failed: []).text == ["seal 0", "transmit on 1009: 4"])
    }

    @Test func aResumedFileThatIsThereWholeIsComparedWithoutBeingRead() {
        let files = sources([1])
        var session = session([1])
        #expect(session.message(want(NumberSet(), seals: set(0))).text == ["check seals 0"])
        #expect(session.sealsChecked(unchanged: files, changed: []).text == ["seal 0"])
    }

    /// However often a receiver asks, the disk is asked one question at a time.
    @Test func questionsForSealsWaitForTheAnswerBefore() {
        let files = sources([1, 1, 1])
        var session = session([1, 1, 1])
        #expect(session.message(want(NumberSet(), seals: set(0))).text == ["check seals 0"])
        #expect(session.message(want(NumberSet(), seals: set(1))).text == [])
        #expect(session.message(want(NumberSet(), seals: set(1, 2))).text == [])
        #expect(session.sealsChecked(unchanged: [files[0]], changed: []).text == ["seal 0", "check seals 1-2"])
        #expect(session.sealsChecked(unchanged: [files[1], files[2]], changed: []).text == ["seal 1-2"])
        #expect(session.message(want(NumberSet(), seals: set(0))).text == ["check seals 0"])
    }

    @Test func aChangedFileIsTakenBackAndAddedAgain() {
        let files = sources([1, 1])
        var session = session([1, 1])
        #expect(session.message(want(NumberSet(), seals: set(0, 1))).text == ["check seals 0-1"])
        #expect(
            session.sealsChecked(unchanged: [files[1]], changed: [files[0]]).text
                == ["seal 1", "withdraw 0 and add again"])
        var grown = manifest([1, 1])
        grown.append(ManifestEntry(kind: .withdrawal, path: [], size: 0, firstChunk: 2))
        grown.append(ManifestEntry(kind: .file, path: bytes("f0"), size: 2, firstChunk: 2))
        #expect(session.manifestGrew(to: totals(grown), isComplete: true).text == ["page from 2"])
        #expect(session.pageSent(end: 4).text == ["send end 4 entries 3 chunks"])
        #expect(session.message(want(set(2))).text == ["load 2"])
    }

    @Test func anEntryIsTakenBackOnceHoweverOftenItIsFoundChanged() {
        let files = sources([1])
        var session = session([1])
        _ = session.message(want(NumberSet(), seals: set(0)))
        #expect(session.sealsChecked(unchanged: [], changed: files).text == ["withdraw 0 and add again"])
        // The receiver has not read the withdrawal yet and asks again.
        #expect(session.message(want(set(0), seals: set(0))).text == ["load 0", "check seals 0"])
        #expect(session.sealsChecked(unchanged: [], changed: files).text == [])
        // Not even where it looks right now: its successor is on its way.
        #expect(session.sealsChecked(unchanged: files, changed: []).text == [])
        #expect(session.loaded(files, holding: 0).text == [])
    }

    @Test func aFileThatKeepsChangingIsGivenUp() {
        var session = session([1])
        var number: UInt64 = 0
        for expected in ["0 and add again", "1 and add again", "2 and add again", "3"] {
            var file = sources([1])[0]
            file.number = number
            number += 1
            #expect(session.sealsChecked(unchanged: [], changed: [file]).text == ["withdraw \(expected)"])
        }
    }

    @Test func aFailedReadTakesTheEntryBackAndLetsTheOthersGo() {
        let files = sources([chunkSize * 2, 1])
        var session = session([chunkSize * 2, 1])
        _ = session.message(want(set(0, 1, 2)))
        _ = session.loaded(files, holding: 0)
        let failed: [(entry: SourceEntry, error: DiskError)] = [(files[0], .changed(path: "f0"))]
        #expect(
            session.encoded(0, batch(2..<3), failed: failed).text
                == ["withdraw 0 and add again", "seal 1", "transmit on 1009: 2"])
        #expect(session.acknowledged(set(2)).text == ["record 2"])
    }

    @Test func chunksOfFilesThatAreGoneAreNotLookedForAgain() {
        var files = sources([1, 1, 1])
        var session = session([1, 1, 1])
        _ = session.message(want(set(0, 1, 2)))
        files.remove(at: 1)
        #expect(session.loaded(files, holding: 0).text == ["encode #0: 0,2 raw"])
        #expect(session.message(want(set(1))).text == [])
    }

    @Test func whereNoFileIsLeftNothingIsWanted() {
        var session = session([1, 1])
        _ = session.message(want(set(0, 1)))
        #expect(session.loaded([], holding: 0).text == [])
        #expect(session.lane(laneA, room: SendSession.LaneRoom()).text == [])
    }

    // MARK: asked again

    @Test func whatIsOnItsWayIsNotSentTwiceForASecondWant() {
        let files = sources([1])
        var session = session([1])
        _ = session.message(want(set(0)))
        _ = session.loaded(files, holding: 0)
        #expect(session.message(want(set(0))).text == [])
        _ = session.encoded(0, batch(0..<1), failed: [])
        #expect(session.message(want(set(0))).text == [])
        _ = session.acknowledged(set(0))
        // Committed once, lost since: sent again.
        #expect(session.message(want(set(0))).text == ["encode #1: 0 raw"])
    }

    @Test func aDamagedChunkIsSentAgain() {
        let files = sources([1])
        var session = session([1])
        _ = session.message(want(set(0)))
        _ = session.loaded(files, holding: 0)
        _ = session.encoded(0, batch(0..<1), failed: [])
        #expect(session.message(.damaged(chunks: set(0))).text == ["encode #1: 0 raw"])
        #expect(session.counters.chunksRetried == 1)
        // Said twice: it is on its way.
        #expect(session.message(.damaged(chunks: set(0))).text == [])
        #expect(session.encoded(1, batch(0..<1), failed: []).text == ["seal 0, some again", "transmit on 1009: 0"])
        #expect(session.counters.files == 1)
    }

    @Test func aSealedFileThatIsTakenBackCountsNoMore() {
        let files = sources([1, 1])
        var session = session([1, 1])
        _ = session.message(want(NumberSet(), seals: set(0, 1)))
        #expect(session.sealsChecked(unchanged: files, changed: []).text == ["seal 0-1"])
        #expect(session.counters.files == 2)
        _ = session.message(want(NumberSet(), seals: set(0)))
        #expect(session.sealsChecked(unchanged: [], changed: [files[0]]).text == ["withdraw 0 and add again"])
        #expect(session.counters.files == 1)
    }

    // MARK: breaches

    @Test func theReceiverMayNotClaimWhatWasNotSent() {
        let violation = ["disconnect"]
        func answer(_ event: (inout SendSession) -> [SendSession.Instruction]) -> [String] {
            var session = session([1, 1])
            return event(&session).text
        }
        #expect(answer { $0.acknowledged(set(0)) } == violation)
        #expect(answer { $0.message(.damaged(chunks: set(0))) } == violation)
        #expect(answer { $0.message(want(set(1))) } == ["load 1"])
        #expect(answer { $0.message(want(set(2))) } == violation)
        #expect(answer { $0.message(want(NumberSet(), seals: set(1))) } == ["check seals 1"])
        #expect(answer { $0.message(want(NumberSet(), seals: set(2))) } == violation)
        #expect(answer { $0.message(.skipped(.exists, entries: set(1), chunks: set())) } == [])
        #expect(answer { $0.message(.skipped(.exists, entries: set(2), chunks: set())) } == violation)
        #expect(answer { $0.message(.manifestKept(entries: 3)) } == violation)
        #expect(answer { $0.message(.manifestAgain(from: 2)) } == ["send end 2 entries 2 chunks"])
        #expect(answer { $0.message(.manifestAgain(from: 3)) } == violation)
    }

    @Test(arguments: [
        DataMessage.manifestPage(first: 0, count: 1, rawLength: 1, deflated: ByteBuffer()),
        .manifestEnd(entries: 1, chunks: 1), .sealed(entries: NumberSet(0..<1)), .received(root: Digest()),
    ]) func theReceiverMayNotSpeakForTheSender(message: DataMessage) {
        var session = session([1])
        #expect(session.message(message).text == ["disconnect"])
        #expect(session.message(message).text == [])
    }

    @Test func wantsOfEverySecondChunkAreBounded() {
        let size = chunkSize * 65_536 * 4
        var session = session([size, size, size])
        let total = totals(manifest([size, size, size])).chunks
        func scattered(_ first: UInt64) -> NumberSet {
            NumberSet((0..<8_192).map { first + $0 * 2 }.map { $0..<$0 + 1 })
        }
        #expect(total > 9 * 16_384)
        for round in 0..<UInt64(8) {
            #expect(session.message(want(scattered(round * 16_384))).text == (round == 0 ? ["load 0"] : []))
        }
        #expect(session.message(want(scattered(8 * 16_384))).text == ["disconnect"])
    }

    @Test func aReceiptThatComesTwiceIsCheckedOnce() {
        var session = session([1])
        let receipt = DataMessage.receipt(body: [1], signature: [2])
        #expect(session.message(receipt).text == ["check receipt"])
        #expect(session.message(receipt).text == [])
        #expect(session.receiptChecked(.proven(signed(1))).text == ["send received", "complete"])
    }

    @Test func aReceiptThatDoesNotFitEndsTheTransfer() {
        var session = session([1])
        _ = session.message(.skipped(.exists, entries: set(0), chunks: set()))
        #expect(session.message(.receipt(body: [], signature: [])).text == ["check receipt without 0"])
        #expect(session.receiptChecked(.wrong).text == ["fail integrity, tell the peer"])
        #expect(session.receiptChecked(.proven(signed(0))).text == [])
    }

    /// Digests were lost, and the file is another by now: what it has become is sent, and another receipt will come.
    @Test func aReceiptThatCannotBeProvenIsNoEnd() {
        var session = session([1])
        let message = DataMessage.receipt(body: [1], signature: [2])
        _ = session.message(message)
        #expect(session.receiptChecked(.unproven(changed: sources([1]))).text == ["withdraw 0 and add again"])
        #expect(session.message(message).text == ["check receipt"])
    }
}

private func signed(_ number: UInt64) -> Receipt {
    Receipt(
        sender: NodeID(digest(1)), receiver: NodeID(digest(2)), transfer: TransferID(Bytes16()), root: digest(number),
        entries: 1, bytes: 1, chunks: 1, skipped: 0, isDurable: false, time: 0)
}
