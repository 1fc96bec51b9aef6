import MeshTransfer
import MeshWire
import NIOCore
import Testing

/// What a receiving transfer does on one link, as transcripts.
@Suite struct ReceiveDriverTests {
    private let id = TransferID(Bytes16([UInt8](repeating: 1, count: 16))!)
    private let sums = TransferSums(entries: 2, files: 2, bytes: 2, allocated: 2)
    private let entries = manifest([1, 1])

    private var offer: TransferControl {
        TransferControl(transfer: id, action: .offer(stream: 1, sums: sums, counting: false, piped: false))
    }

    private var fresh: ReceiveDriver.Standing {
        .known(ReceiveDriver.Basis(totals: ManifestTotals(), isRoomDoubtful: false, triesNames: false))
    }

    private func page() throws -> InboundFrame {
        message(try #require(ManifestPage.encode(entries, first: 0)).message)
    }

    /// Accepted as new, its page held meanwhile.
    private func accepted() throws -> ReceiveDriver {
        var driver = ReceiveDriver(stream: 1)
        _ = driver.heard(offer, now: 0)
        _ = driver.frames([try page()], on: laneA, now: 0)
        _ = driver.looked(.fresh, now: 0)
        _ = driver.decided(true, now: 0)
        _ = driver.looked(fresh, now: 0)
        return driver
    }

    @Test func fromTheOfferToItsAcceptance() throws {
        var driver = ReceiveDriver(stream: 1)
        #expect(driver.heard(offer, now: 0).text == ["look up"])
        #expect(driver.looked(.fresh, now: 0).text == [])
        #expect(driver.frames([try page()], on: laneA, now: 0).text == ["ask about f0, f1"])
        #expect(driver.decided(true, now: 0).text == ["create"])
        #expect(!driver.isUnderWay && driver.transfer == id)
        // The page that is held need not come again.
        #expect(
            driver.looked(fresh, now: 0).text
                == ["report accepted", "say accept from 2", "pool: decode page 0 (2)"])
        #expect(driver.isUnderWay)
        #expect(
            driver.handle(.pageDecoded(first: 0, .success(entries)), now: 0).text == ["journal: keep page of 2"])
        #expect(driver.handle(.pageKept(withdrawn: []), now: 0).text == ["kept 2", "journal: plan from 0"])
    }

    @Test func whatIsKnownNeedsNobody() {
        var driver = ReceiveDriver(stream: 1)
        _ = driver.heard(offer, now: 0)
        let basis = ReceiveDriver.Basis(totals: totals(entries), isRoomDoubtful: false, triesNames: false)
        #expect(
            driver.looked(.known(basis), now: 0).text
                == ["report accepted", "say accept from 2", "journal: plan from 0"])
    }

    @Test func noIsToldToTheSender() throws {
        var driver = ReceiveDriver(stream: 1)
        _ = driver.heard(offer, now: 0)
        _ = driver.looked(.fresh, now: 0)
        _ = driver.frames([try page()], on: laneA, now: 0)
        #expect(
            driver.decided(false, now: 0).text == ["say decline declined", "failed declined", "ended: failed declined"])
        #expect(driver.looked(fresh, now: 0).text == [], "an answer behind the end changes nothing")
    }

    @Test func whatTheJournalRefusesIsAskedOfNobody() {
        var driver = ReceiveDriver(stream: 1)
        _ = driver.heard(offer, now: 0)
        #expect(
            driver.looked(.refused(.identity), now: 0).text == [
                "say decline identity", "failed identity", "ended: failed identity",
            ])
    }

    @Test func aSecondOfferAndWordsOfOthersAreAnswered() throws {
        var driver = try accepted()
        let other = TransferID(Bytes16([UInt8](repeating: 2, count: 16))!)
        let second = TransferControl(transfer: other, action: offer.action)
        #expect(driver.heard(second, now: 0).text == ["say error unsupported"])
        #expect(
            driver.heard(TransferControl(transfer: other, action: .cancel), now: 0).text == ["say error unknown"])
        #expect(
            driver.heard(TransferControl(transfer: id, action: .accept(manifestFrom: 0)), now: 0).text
                == ["say error unsupported"])
        #expect(
            driver.heard(TransferControl(transfer: id, action: .cancel), now: 0).text == ["ended: told cancelled"])
    }

    /// A link may be lost with the offer or its answer on it: what is said again on the next changes nothing but that.
    @Test func theOfferMaySayItselfAgain() throws {
        var driver = ReceiveDriver(stream: 1)
        #expect(driver.heard(offer, now: 0).text == ["look up"])
        #expect(driver.heard(offer, now: 0).text == [])
        driver = try accepted()
        _ = driver.handle(.pageDecoded(first: 0, .success(entries)), now: 0)
        #expect(driver.heard(offer, now: 0).text == ["say accept from 2"])
    }

    @Test func chunksBeforeTheAcceptanceAreABreach() {
        var driver = ReceiveDriver(stream: 1)
        _ = driver.heard(offer, now: 0)
        let frames = [InboundFrame.chunk(arrival(0, rawLength: 1))]
        #expect(
            driver.frames(frames, on: laneA, now: 0).text == ["failed protocolViolation", "ended: breach"])
    }

    @Test func framesOfAnotherStreamAreABreach() throws {
        var driver = try accepted()
        let frames = [message(.sealed(entries: set(0)), stream: 3)]
        #expect(driver.frames(frames, on: laneA, now: 0).text == ["failed protocolViolation", "ended: breach"])
        #expect(driver.frames([try page()], on: laneA, now: 0).text == [])
    }

    /// The peer gets a code, a person the disk's own words.
    @Test func theDisksWordsGoWithTheEnd() throws {
        var driver = try accepted()
        #expect(
            driver.handle(.diskFailed(.full(path: "f0")), now: 0).text
                == ["failed diskFull", "ended: failed diskFull with its cause"])
    }

    @Test func aStoredReceiptOutlastsTheLink() throws {
        var driver = try accepted()
        #expect(driver.left().text == [])
        let receipt = Receipt(
            sender: NodeID(Bytes32()), receiver: NodeID(Bytes32()), transfer: id, root: digest(1), entries: 2, bytes: 2,
            chunks: 2, skipped: 0, isDurable: true, time: 1)
        let sent = DataMessage.receipt(body: receipt.encoded(), signature: [])
        _ = driver.handle(.completed(receipt, skipped: [:], message: sent), now: 0)
        #expect(driver.isReceiptStored)
        #expect(driver.left().text == ["ended: done"])
        #expect(driver.left().text == [])
    }
}
