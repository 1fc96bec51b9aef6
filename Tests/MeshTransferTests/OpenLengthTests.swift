import MeshTransfer
import MeshWire
import NIOCore
import Testing

/// Files whose length nobody knows before they are read to their ends, from both sides.
@Suite struct OpenLengthTests {
    private static let chunk = Limits.openChunk
    private static let room = Limits.openRoom

    /// `pipe` of open length, and behind it a file of one chunk.
    private static let entries: [ManifestEntry] = {
        var pipe = ManifestEntry(open: bytes("pipe"), mode: 0o600, seconds: 5, nanoseconds: 0)
        pipe.firstChunk = 0
        let file = ManifestEntry(kind: .file, path: bytes("x"), size: 1, allocated: 1, firstChunk: room)
        return [pipe, file]
    }()

    private var sources: [SourceEntry] {
        Self.entries.enumerated().map { index, entry in
            SourceEntry(
                number: UInt64(index), manifest: entry, identity: SourceIdentity(device: 1, inode: 1, changed: 0))
        }
    }

    private func openFile(readable: UInt64, size: UInt64? = nil) -> OpenFile {
        var file = OpenFile(sources[0])
        file.readable = readable
        if let size { file.tell(size) }
        return file
    }

    // MARK: numbers

    @Test func numbersAreSetAsideAndNeverShifted() {
        var totals = totals(Self.entries)
        #expect(totals.files == 2 && totals.bytes == 1 && totals.chunks == Self.room + 1)
        var entry = Self.entries[0]
        #expect(FilePlan(entry: 0, manifest: entry).chunks == 0..<Self.room)
        let isTold = entry.tell(600_000)
        let isCounted = totals.tell(600_000)
        #expect(isTold && isCounted)
        let plan = FilePlan(entry: 0, manifest: entry)
        #expect(plan.chunks == 0..<3 && plan.numbers == 0..<Self.room)
        #expect(plan.extent(of: 2) == (524_288, 75_712))
        #expect(totals.bytes == 600_001 && totals.chunks == Self.room + 1)
        let isToldAgain = entry.tell(5)
        #expect(!isToldAgain)
    }

    @Test func theRootTellsHowLongItIs() {
        var (short, long) = (Self.entries[0], Self.entries[0])
        _ = short.tell(1)
        _ = long.tell(2)
        let roots = [short, long].map { entry in
            var root = TransferRoot()
            root.add([entry])
            return root.value
        }
        #expect(roots[0] != roots[1])
    }

    // MARK: the sender

    private func sending() -> SendSession {
        var session = SendSession(compression: .never)
        _ = session.openGrew(openFile(readable: 0))
        _ = session.manifestGrew(to: totals(Self.entries), isComplete: true)
        _ = session.accepted(from: 0)
        _ = session.lane(laneA, room: SendSession.LaneRoom())
        _ = session.pageSent(end: 2)
        _ = session.message(.manifestKept(entries: 2))
        return session
    }

    @Test func chunksLeaveAsTheyAreReadAndTheEndIsTold() {
        var session = sending()
        // All that may come of it is wanted at once; the file behind it does not wait for it.
        #expect(
            session.message(.want(chunks: NumberSet(0..<Self.room + 1), seals: set(0))).text == [
                "load \(Self.room)", "check seals 0",
            ])
        #expect(session.loaded(sources, holding: Self.room).text == ["encode #0: \(Self.room) raw"])
        #expect(session.sealsChecked(unchanged: [], changed: []).text == [])
        #expect(
            session.encoded(0, batch(Self.room..<Self.room + 1), failed: []).text == [
                "seal 1", "transmit on 1009: \(Self.room)",
            ])
        #expect(session.openGrew(openFile(readable: 2)).text == ["encode #1: 0-1 raw"])
        #expect(session.encoded(1, batch(0..<2), failed: []).text == ["transmit on 1009: 0-1"])
        let size = UInt64(2 * Self.chunk + 7)
        let end = session.openGrew(openFile(readable: 2, size: size))
        #expect(end.text == ["send length 0 \(size)", "seal nothing, 0 for the first time", "encode #2: 2 raw"])
        #expect(end.jobs.first?.pieces.map(\.length) == [7])
        // Said again to a receiver that missed it; counted once.
        var told = sources[0]
        _ = told.manifest.tell(size)
        #expect(session.message(.want(chunks: NumberSet(), seals: set(0))).text == ["check seals 0"])
        #expect(session.sealsChecked(unchanged: [told], changed: []).text == ["send length 0 \(size)"])
        #expect(session.counters.files == 2)
    }

    @Test func whatIsWantedBehindTheEndIsNotThere() {
        var session = sending()
        _ = session.openGrew(openFile(readable: 0, size: 5))
        #expect(session.message(.want(chunks: NumberSet(0..<Self.room), seals: NumberSet())).text == ["load 0"])
        #expect(session.loaded(sources, holding: 0).text == ["encode #0: 0 raw"])
        #expect(session.encoded(0, batch(0..<1), failed: []).text == ["transmit on 1009: 0"])
    }

    @Test func aNewLinkTellsWhatAnEarlierOneBrought() {
        var session = sending()
        _ = session.openGrew(openFile(readable: 5))
        // What was not read cannot be there, whatever a receiver says.
        #expect(session.message(.held(chunks: set(0, 1, 3, 9))).text == ["keep 0-1,3 of 0"])
        // However often it is said, the journal is asked once at a time.
        #expect(session.message(.held(chunks: set(2))).text == [] && session.message(.held(chunks: set(4))).text == [])
        #expect(session.kept().text == ["keep 2,4 of 0"] && session.kept().text == [])
        #expect(session.message(.held(chunks: set(Self.room))).text == [], "a file like others")
        #expect(session.message(.held(chunks: set(Self.room + 1))).text.count == 1, "and beyond the manifest")
    }

    @Test func whatWasAcknowledgedMeanwhileIsNoLoss() {
        var session = sending()
        _ = session.openGrew(openFile(readable: 2))
        _ = session.message(.want(chunks: NumberSet(0..<Self.room), seals: NumberSet()))
        _ = session.loaded(sources, holding: 0)
        _ = session.encoded(0, batch(0..<2), failed: [])
        // The lane is lost, both are read again, and then the word comes that one had arrived: it is held no longer.
        _ = session.lane(laneB, room: SendSession.LaneRoom())
        #expect(session.laneLost(laneA, wasLead: false).text == ["encode #1: 0-1 raw"])
        #expect(session.acknowledged(set(0)).text == ["record 0"])
        let failed: [(entry: SourceEntry, error: DiskError)] = [(sources[0], .changed(path: "pipe"))]
        #expect(session.encoded(1, EncodedBatch(), failed: failed).text == ["encode #2: 1 raw"])
        // Gone although nobody has it: there is nothing to send any more.
        #expect(session.encoded(2, EncodedBatch(), failed: failed).text == ["withdraw 0 and add again"])
    }

    @Test func whatTheReceiverLeavesOutIsNotReadFurther() {
        var session = sending()
        _ = session.message(.want(chunks: NumberSet(0..<Self.room), seals: NumberSet()))
        let left = DataMessage.skipped(.exists, entries: set(0), chunks: NumberSet(0..<Self.room))
        #expect(session.message(left).text == ["stop 0"])
        #expect(session.openGrew(openFile(readable: 2)).text == [])
    }

    @Test func whatCouldNotBeReadIsForgotten() {
        var session = sending()
        _ = session.openGrew(openFile(readable: 2))
        _ = session.message(.want(chunks: NumberSet(0..<Self.room), seals: NumberSet()))
        #expect(session.loaded(sources, holding: 0).text == ["encode #0: 0-1 raw"])
        #expect(session.openLost(sources[0]).text == [])
        // The job finds nothing any more: that it is taken back was written down already.
        let failed: [(entry: SourceEntry, error: DiskError)] = [(sources[0], .changed(path: "pipe"))]
        #expect(session.encoded(0, EncodedBatch(), failed: failed).text == [])
        #expect(session.openGrew(openFile(readable: 3)).text == [])
        #expect(!session.hasWork)
    }

    @Test func whatIsLeftOutBeforeItWasWantedIsNotReadFurther() {
        var session = sending()
        #expect(session.message(.skipped(.exists, entries: set(0), chunks: NumberSet())).text == ["stop 0"])
    }

    // MARK: the receiver

    private func receiving(_ state: EntryState = .open) -> ReceiveSession {
        var session = ReceiveSession(totals: totals(Self.entries), now: now)
        _ = session.start(now: now)
        var pipe = ReceivedEntry(number: 0, manifest: Self.entries[0])
        pipe.state = state
        let file = ReceivedEntry(number: 1, manifest: Self.entries[1], state: .finished)
        let text = session.planned(
            [planned(pipe), PlannedEntry(entry: file, missing: NumberSet())], next: 2, now: now
        ).text
        #expect(text == ["send want 0-\(Self.room - 1) seals 0"])
        _ = session.message(.manifestEnd(entries: 2, chunks: Self.room + 1), now: now)
        return session
    }

    @Test func theEndSealsTheFile() {
        var session = receiving()
        #expect(session.isCounting, "nobody knows how much is to come")
        let chunks = [arrival(0, rawLength: Self.chunk), arrival(1, rawLength: 7)]
        #expect(session.arrived(chunks, on: laneA, now: now).text == ["store 0-1"])
        let size = UInt64(Self.chunk + 7)
        #expect(session.message(.length(entry: 0, size: size), now: now).text == [])
        #expect(!session.isCounting && session.known.bytes == size + 1)
        let results = [stored(0, of: 0, length: Self.chunk), stored(1, of: 0, length: 7)]
        #expect(
            session.stored(results, released: [:], now: now).text == [
                "commit chunks 0-1 parts 0 sealed 0 lengths 0 finishing 0"
            ])
        #expect(session.committed(now: now).text == ["acknowledge 0-1", "finish 0"])
    }

    /// Of 2 MiB, and its end is told: what a receiver that comes late gets to see.
    private func planning(passage: OrderedPassage? = nil) -> (ReceiveSession, [String]) {
        var pipe = Self.entries[0]
        _ = pipe.tell(8 * UInt64(Self.chunk))
        var session = ReceiveSession(totals: totals([pipe]), passage: passage, now: now)
        _ = session.start(now: now)
        let text = session.planned([planned(ReceivedEntry(number: 0, manifest: pipe))], next: 1, now: now).text
        return (session, text)
    }

    @Test func theEndIsAskedForOnceThereIsRoom() {
        var (session, text) = planning()
        #expect(text == ["make parts 0"])
        #expect(session.partsMade([0: part(0)], refused: [:], now: now).text.first == "send want 0-7 seals 0")
    }

    @Test func whatIsPassedOnNeedsNoRoom() {
        var (session, text) = planning(passage: OrderedPassage(ahead: 16 * 1024 * 1024, passed: 0))
        #expect(text == ["send want 0-7 seals 0"])
        #expect(session.arrived([arrival(0, rawLength: Self.chunk)], on: laneA, now: now).text == ["store 0"])
    }

    @Test func whatIsLeftOutIsSaidAtOnceAndWithEachLink() {
        var session = ReceiveSession(totals: totals(Self.entries), now: now)
        _ = session.start(now: now)
        let pipe = ReceivedEntry(number: 0, manifest: Self.entries[0])
        let file = ReceivedEntry(number: 1, manifest: Self.entries[1])
        let text = session.planned(
            [PlannedEntry(leftOut: pipe, .exists), PlannedEntry(leftOut: file, .exists)], next: 2, now: now
        ).text
        let word = text.first ?? ""
        #expect(word.hasPrefix("send skipped") && word.contains("0") && text.count == 1, "\(text)")
        #expect(session.laneLost(laneA, now: now).text.contains(word))
    }

    @Test func anEmptyOneIsMade() {
        var session = receiving()
        #expect(
            session.message(.length(entry: 0, size: 0), now: now).text == ["make parts 0", "commit sealed 0 lengths 0"])
        _ = session.committed(now: now)
        #expect(session.partsMade([0: part(0)], refused: [:], now: now).text == ["commit parts 0 finishing 0"])
    }

    @Test func anEndThatDoesNotFitIsABreach() {
        for (length, size) in [(Self.chunk, 5), (7, Self.chunk + 8), (7, Self.chunk), (7, 3 * Self.chunk)] {
            var session = receiving()
            _ = session.arrived([arrival(1, rawLength: length)], on: laneA, now: now)
            let text = session.message(.length(entry: 0, size: UInt64(size)), now: now).text
            #expect(text == ["disconnect: \(WireError.invalid("length"))"], "\(length) \(size)")
        }
        var session = receiving()
        _ = session.message(.length(entry: 0, size: 5), now: now)
        #expect(session.message(.length(entry: 0, size: 5), now: now).text.filter { $0.hasPrefix("disc") } == [])
        #expect(session.message(.length(entry: 0, size: 6), now: now).text.count == 1, "it was told otherwise")
    }

    @Test func oneChunkAloneMayBeShort() {
        var session = receiving()
        _ = session.arrived([arrival(1, rawLength: 7)], on: laneA, now: now)
        #expect(
            session.arrived([arrival(2, rawLength: 8)], on: laneA, now: now).text == [
                "disconnect: \(WireError.invalid("chunk length"))"
            ])
    }

    @Test func aShortChunkThatDidNotVerifyMayComeAgain() {
        var session = receiving()
        let chunk = arrival(1, rawLength: 7)
        _ = session.arrived([chunk], on: laneA, now: now)
        #expect(
            session.stored([stored(1, of: 0, length: 7, .corrupt)], released: [:], now: now).text.contains(
                "send damaged 1"))
        #expect(session.arrived([chunk], on: laneA, now: now).text == ["store 1"])
    }

    @Test func aWholeChunkCannotReachBehindTheEnd() {
        var session = receiving()
        _ = session.arrived([arrival(0, rawLength: Self.chunk)], on: laneA, now: now)
        #expect(
            session.message(.length(entry: 0, size: 5), now: now).text == ["disconnect: \(WireError.invalid("length"))"]
        )
    }

    @Test func whatIsWantedAndNotReadIsBounded() {
        var session = sending()
        var text: [String] = []
        // Every other chunk, message after message.
        for first in 0..<10 {
            let numbers = (0..<UInt64(Limits.ranges)).map { index -> Range<UInt64> in
                let number = (UInt64(first * Limits.ranges) + index) * 2
                return number..<number + 1
            }
            text += session.message(.want(chunks: NumberSet(numbers), seals: NumberSet())).text
        }
        #expect(text.last == "disconnect", "\(text)")
    }

    @Test func whatIsThereIsSaidWithEachLink() {
        var session = ReceiveSession(totals: totals(Self.entries), now: now)
        _ = session.start(now: now)
        let pipe = ReceivedEntry(number: 0, manifest: Self.entries[0], part: part(0))
        let file = ReceivedEntry(number: 1, manifest: Self.entries[1], state: .finished)
        let there = planned(pipe, missing: NumberSet(2..<Self.room))
        let text = session.planned([there, PlannedEntry(entry: file, missing: NumberSet())], next: 2, now: now).text
        #expect(text == ["send held 0-1", "send want 2-\(Self.room - 1) seals 0"])
        #expect(session.laneLost(laneA, now: now).text.contains("send held 0-1"))
    }

    @Test func whatIsUnknownIsAskedForAgain() {
        var session = receiving()
        _ = session.arrived([arrival(0, rawLength: Self.chunk)], on: laneA, now: now)
        #expect(
            session.laneLost(laneA, now: now).text == ["send kept 2", "send want 1-\(Self.room - 1) seals 0"])
        // Sealed by its end alone.
        #expect(session.message(.sealed(entries: set(0)), now: now).text == [])
        #expect(session.isCounting)
    }
}
