import MeshTransfer
import MeshWire
import NIOCore
import Testing

/// From an offer to its answer, as transcripts.
@Suite struct IncomingOfferTests {
    private let id = TransferID(Bytes16([UInt8](repeating: 1, count: 16))!)
    private let sums = TransferSums(entries: 2, files: 1, bytes: 10, allocated: 10)

    private func page(_ entries: [ManifestEntry], first: UInt64 = 0) throws -> DataMessage {
        try #require(ManifestPage.encode(entries, first: first)).message
    }

    private var entries: [ManifestEntry] {
        [
            ManifestEntry(kind: .folder, path: bytes("tree"), mode: 0o755, seconds: 1),
            ManifestEntry(kind: .file, path: bytes("tree/file"), size: 10, allocated: 10, mode: 0o644, seconds: 1),
        ]
    }

    @Test func freshOfferIsAskedAboutOnceItsNamesAreKnown() throws {
        let offer = Talk()
        #expect(offer.offered(id, sums, counting: true))
        #expect(offer.next() == .none)
        offer.looked(.fresh)
        #expect(offer.next() == .none)
        try offer.hold(try page(entries))
        #expect(offer.next() == .ask(names: ["tree/"]))
        #expect(offer.transfer == id && offer.sums == sums && offer.isCounting && !offer.isPiped)
        // Asked once, however much comes meanwhile.
        try offer.hold(.manifestEnd(entries: 2, chunks: 1))
        #expect(offer.next() == .none)
        offer.decided(true)
        #expect(offer.next() == .create)
        #expect(offer.next() == .none)
        #expect(offer.heldEntries == 2 && offer.takeHeld().count == 2 && offer.takeHeld().isEmpty)
    }

    @Test func noMeansDecline() throws {
        let offer = Talk()
        #expect(offer.offered(id, sums, counting: false))
        offer.looked(.fresh)
        try offer.hold(try page(entries))
        _ = offer.next()
        offer.decided(false)
        #expect(offer.next() == .decline(.declined))
        #expect(offer.next() == .none)
    }

    @Test func refusalOfTheJournalNeedsNobody() {
        let offer = Talk()
        #expect(offer.offered(id, sums, counting: false))
        offer.looked(.refused(.diskFull))
        #expect(offer.next() == .decline(.diskFull))
    }

    @Test func secondOfferOnALinkIsRefused() {
        let offer = Talk()
        #expect(offer.offered(id, sums, counting: false))
        #expect(!offer.offered(id, sums, counting: false))
    }

    @Test func answersOutOfTurnChangeNothing() {
        let offer = Talk()
        offer.decided(true)
        #expect(offer.next() == .none)
        #expect(offer.offered(id, sums, counting: false))
        offer.decided(true)
        #expect(offer.next() == .none)
    }

    @Test func heldMessagesAreBounded() throws {
        let offer = Talk()
        #expect(throws: WireError.self) { try offer.hold(.received(root: digest(1))) }
        let next = UInt64(entries.count)
        for number in 0..<UInt64(10) { try offer.hold(try page(entries, first: number * next)) }
        #expect(throws: WireError.self) { try offer.hold(try page(entries, first: 10 * next)) }
    }

    /// With each lead lane that is lost a sender says the same again, while a person thinks.
    @Test func repetitionsArePassedOver() throws {
        let offer = Talk()
        for _ in 0..<50 {
            try offer.hold(try page(entries))
            try offer.hold(.manifestEnd(entries: 2, chunks: 2))
        }
        #expect(offer.takeHeld().count == 2)
    }

    /// Pages behind a gap must come again.
    @Test func onlyPagesWithoutAGapCount() throws {
        let offer = Talk()
        try offer.hold(try page(entries, first: 2))
        #expect(offer.heldEntries == 0)
        try offer.hold(try page(entries))
        #expect(offer.heldEntries == 2)
    }

    /// Nobody is asked about a manifest that could not be accepted.
    @Test func pageThatLiesIsRefusedBeforeAnybodyIsAsked() throws {
        let offer = Talk()
        #expect(offer.offered(id, sums, counting: false))
        offer.looked(.fresh)
        let page = DataMessage.manifestPage(first: 0, count: 3, rawLength: 100, deflated: ByteBuffer(string: "junk"))
        #expect(throws: WireError.invalid("manifest page")) { try offer.hold(page) }
        #expect(offer.next() == .none)
    }

    /// What the manifest must be is known once the sender has counted it.
    @Test func onlyWholeOffersArePromises() {
        for counting in [true, false] {
            let offer = Talk()
            #expect(offer.promise(known: ManifestTotals()) == nil)
            _ = offer.offered(id, sums, counting: counting)
            #expect(offer.promise(known: ManifestTotals()) == (counting ? nil : ManifestPromise(sums)))
        }
    }
}

/// An offer that expectations can talk to.
private final class Talk {
    private var offer = IncomingOffer()

    var transfer: TransferID? { offer.transfer }
    var sums: TransferSums? { offer.sums }
    var isCounting: Bool { offer.isCounting }
    var isPiped: Bool { offer.isPiped }
    var heldEntries: UInt64 { offer.heldEntries }

    func offered(_ id: TransferID, _ sums: TransferSums, counting: Bool) -> Bool {
        offer.offered(id, sums, counting: counting, piped: false)
    }

    func looked(_ standing: IncomingOffer.Standing) { offer.looked(standing) }
    func decided(_ yes: Bool) { offer.decided(yes) }
    func hold(_ message: DataMessage) throws { try offer.hold(message) }
    func takeHeld() -> [DataMessage] { offer.takeHeld() }
    func next() -> IncomingOffer.Step { offer.next() }
    func promise(known: ManifestTotals) -> ManifestPromise? { offer.promise(known: known) }
}
