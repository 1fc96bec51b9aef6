import MeshTransfer
import MeshWire
import NIOCore
import Testing

/// What a sending transfer does on one link, as transcripts.
@Suite struct SendDriverTests {
    private let id = TransferID(Bytes16([UInt8](repeating: 1, count: 16))!)
    private let files = sources([300_000, 1])

    private func driver(isPiped: Bool = false, verdict: FailureCode? = nil) -> SendDriver {
        var driver = SendDriver(id, stream: 1, compression: .never, isPiped: isPiped, verdict: verdict)
        _ = driver.handle(.manifestGrew(totals(files.map(\.manifest)), isComplete: true)) { [] }
        return driver
    }

    /// Offered, accepted, and on one lane.
    private func accepted(isPiped: Bool = false) -> SendDriver {
        var driver = driver(isPiped: isPiped)
        _ = driver.channelOpened()
        _ = driver.lane(laneA, room: SendSession.LaneRoom())
        _ = driver.heard(TransferControl(transfer: id, action: .accept(manifestFrom: 2)))
        _ = driver.frames([message(.manifestKept(entries: 2))])
        return driver
    }

    private func answer(_ driver: inout SendDriver, _ event: SendEvent) -> [String] {
        driver.handle(event) { [(laneA, SendSession.LaneRoom())] }.text
    }

    @Test func fromTheOfferToTheReceipt() throws {
        let page = try #require(ManifestPage.encode(files.map(\.manifest), first: 0)).message
        var driver = driver()
        #expect(driver.channelOpened().text == ["report offered 2", "say offer of 2 on 1"])
        #expect(driver.channelOpened().text == [], "once for a link")
        #expect(driver.lane(laneA, room: SendSession.LaneRoom()).text == ["journal: page from 0"])
        #expect(answer(&driver, .page(page, end: 2)) == ["page 0 (2)", "end 2 entries 3 chunks"])
        #expect(!driver.isUnderWay)
        let accept = TransferControl(transfer: id, action: .accept(manifestFrom: 2))
        #expect(driver.heard(accept).text == ["report accepted", "end 2 entries 3 chunks"])
        #expect(driver.isUnderWay)
        #expect(driver.frames([message(.manifestKept(entries: 2))]).text == [])
        #expect(driver.frames([message(.want(chunks: set(0, 1, 2), seals: set()))]).text == ["journal: load 0"])
        #expect(answer(&driver, .loaded(files, holding: 0)) == ["encode #0: 0-2 raw"])
        #expect(
            answer(&driver, .encoded(0, batch(0..<3), failed: []))
                == ["sealed 0-1", "release 0-1", "report sealed 0-1", "transmit on 1009: 0-2"])
        #expect(driver.frames([acknowledgement(set(0, 1, 2))]).text == ["journal: record 0-2"])
        #expect(driver.frames([message(.receipt(body: [1], signature: [2]))]).text == ["journal: check receipt"])
        #expect(answer(&driver, .receiptChecked(.proven(signed(2)))) == ["received", "ended: done"])
        #expect(driver.isReceiptStored)
        #expect(driver.frames([message(.failed(.cancelled))]).text == [], "nothing counts behind the end")
    }

    /// Pages that left belong to the sums that were said first, whatever was found since.
    @Test func theOfferIsSaidAgainOnTheNextLink() {
        var driver = SendDriver(id, stream: 1, compression: .never)
        #expect(driver.relinked().text == [], "nothing was said yet")
        _ = driver.handle(.manifestGrew(totals(manifest([1])), isComplete: false)) { [] }
        #expect(driver.channelOpened().text.last == "say offer of 1 on 1, counting")
        _ = driver.handle(.manifestGrew(totals(files.map(\.manifest)), isComplete: true)) { [] }
        #expect(driver.relinked().text == ["say offer of 1 on 1, counting"])
        let accept = TransferControl(transfer: id, action: .accept(manifestFrom: 0))
        #expect(driver.heard(accept).text == ["report accepted"])
        #expect(driver.heard(accept).text == [], "the answer may come twice")
        #expect(driver.relinked().text == [])
    }

    /// The answer may be lost with a link, or slower than a lane: who asks for pages has accepted.
    @Test func whatTheReceiverSaysOnALaneIsAnAnswer() {
        var driver = driver()
        _ = driver.channelOpened()
        #expect(driver.frames([message(.manifestKept(entries: 2))]).text == ["report accepted"])
        #expect(driver.isUnderWay)
        let accept = TransferControl(transfer: id, action: .accept(manifestFrom: 2))
        #expect(driver.relinked().text == ["say offer of 2 on 1"], "where its answer is due it is asked for")
        #expect(driver.heard(accept).text == [])
        #expect(driver.relinked().text == [])
        var declined = self.driver()
        _ = declined.channelOpened()
        #expect(declined.frames([message(.failed(.declined))]).text == ["ended: told declined"])
        #expect(!declined.isUnderWay)
    }

    @Test func aVerdictTakesTheOffersPlace() {
        var driver = driver(verdict: .sourcesEdited)
        #expect(driver.channelOpened().text == ["ended: failed sourcesEdited"])
    }

    @Test func answersToAnotherTransferChangeNothing() {
        var driver = driver()
        let accept = TransferControl(transfer: id, action: .accept(manifestFrom: 0))
        #expect(driver.heard(accept).text == ["say error unknown"], "nothing was offered yet")
        _ = driver.channelOpened()
        let other = TransferID(Bytes16([UInt8](repeating: 2, count: 16))!)
        let stray = TransferControl(transfer: other, action: .decline(.declined))
        #expect(driver.heard(stray).text == ["say error unknown"])
        #expect(!driver.isUnderWay)
    }

    @Test(arguments: [
        (TransferControl.Action.decline(.diskFull), FailureCode.diskFull), (.cancel, .cancelled), (.pause, .paused),
    ])
    func theReceiversWordEndsIt(action: TransferControl.Action, code: FailureCode) {
        var driver = driver()
        _ = driver.channelOpened()
        #expect(driver.heard(TransferControl(transfer: id, action: action)).text == ["ended: told \(code)"])
        #expect(driver.heard(TransferControl(transfer: id, action: action)).text == [])
    }

    @Test func framesOfAnotherStreamAreABreach() {
        var driver = accepted()
        let frames = [message(.want(chunks: set(0), seals: set()), stream: 2), acknowledgement(set(9))]
        #expect(driver.frames(frames).text == ["failed protocolViolation", "ended: breach"])
    }

    @Test func whatAFailedJobLeavesIsTold() {
        var driver = accepted()
        let error = DiskError.notFound(path: "f0")
        #expect(driver.failed(error, as: .source).text == ["failed source", "ended: failed source with its cause"])
        #expect(driver.failed(error, as: .journal).text == [], "the first reason stands")
    }

    @Test func whatIsReadOfAPipeCannotBeTakenBack() {
        var driver = accepted(isPiped: true)
        #expect(answer(&driver, .withdrawn(lost: [])) == [])
        #expect(
            answer(&driver, .withdrawn(lost: [files[0]])) == ["failed pipeLost", "ended: failed pipeLost"])
    }

    @Test func aFileGivenUpIsReported() {
        var driver = accepted()
        #expect(answer(&driver, .withdrawn(lost: [files[1]])) == ["report gave up 1"])
    }

    /// The link may go while the receiver's answer is under way: a stored receipt is the end all the same.
    @Test func aStoredReceiptOutlastsTheLink() {
        var waiting = accepted()
        #expect(waiting.left().text == [])
        var driver = accepted()
        _ = driver.frames([message(.receipt(body: [1], signature: [2]))])
        #expect(answer(&driver, .receiptChecked(.proven(signed(2)))).last == "ended: done")
        #expect(driver.left().text == [])
    }

    /// A choice sees how the link does, not what was given to it a moment ago.
    @Test func everyBatchLooksAtTheLanesAnew() {
        var driver = accepted()
        _ = driver.frames([message(.want(chunks: set(0, 1, 2), seals: set()))])
        _ = answer(&driver, .loaded(files, holding: 0))
        var looks = 0
        _ = driver.handle(.encoded(0, batch(0..<3), failed: [])) {
            looks += 1
            return []
        }
        _ = driver.handle(.recorded) {
            looks += 1
            return []
        }
        #expect(looks == 1)
    }

    private func signed(_ entries: UInt64) -> Receipt {
        Receipt(
            sender: NodeID(Bytes32()), receiver: NodeID(Bytes32()), transfer: id, root: digest(1), entries: entries,
            bytes: 0, chunks: 0, skipped: 0, isDurable: true, time: 1)
    }
}
