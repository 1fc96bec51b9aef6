import MeshTransfer
import MeshWire
import NIOCore
import Testing

@testable import PrimeMesh

/// From an offer to its answer, as transcripts.
@Suite struct OfferGateTests {
    private let id = TransferID(Bytes16([UInt8](repeating: 1, count: 16))!)
    private let sums = TransferSums(entries: 2, files: 1, bytes: 10, allocated: 10)
    private let sender = NodeID(digest(9))

    private func gate() -> Talk { Talk(OfferGate(sender: sender, senderName: "ada")) }

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
        let gate = gate()
        #expect(gate.offered(id, sums, counting: true))
        #expect(gate.next().name == "none")
        gate.looked(.fresh)
        #expect(gate.next().name == "none")
        try gate.hold(try page(entries))
        guard case .ask(let offer) = gate.next() else {
            Issue.record("nobody is asked")
            return
        }
        #expect(offer.names == ["tree/"] && offer.files == 1 && offer.bytes == 10 && offer.isCounting)
        #expect(offer.sender == sender && offer.senderName == "ada" && offer.transfer == id)
        // Asked once, however much comes meanwhile.
        try gate.hold(.manifestEnd(entries: 2, chunks: 1))
        #expect(gate.next().name == "none")
        gate.decided(true)
        #expect(gate.next().name == "create")
        #expect(gate.next().name == "none")
        #expect(gate.heldEntries == 2 && gate.takeHeld().count == 2 && gate.takeHeld().isEmpty)
    }

    @Test func noMeansDecline() throws {
        let gate = gate()
        #expect(gate.offered(id, sums, counting: false))
        gate.looked(.fresh)
        try gate.hold(try page(entries))
        _ = gate.next()
        gate.decided(false)
        guard case .decline(id, .declined, nil) = gate.next() else {
            Issue.record("not declined")
            return
        }
        #expect(gate.next().name == "none")
    }

    @Test func refusalOfTheJournalNeedsNobody() {
        let gate = gate()
        #expect(gate.offered(id, sums, counting: false))
        gate.looked(.refused(.diskFull, MeshError(.disk, "full")))
        guard case .decline(id, .diskFull, let error) = gate.next() else {
            Issue.record("not declined")
            return
        }
        #expect(error?.code == .disk)
    }

    @Test func secondOfferOnALinkIsRefused() {
        let gate = gate()
        #expect(gate.offered(id, sums, counting: false))
        #expect(!gate.offered(id, sums, counting: false))
    }

    @Test func answersOutOfTurnChangeNothing() {
        let gate = gate()
        gate.decided(true)
        #expect(gate.next().name == "none")
        #expect(gate.offered(id, sums, counting: false))
        gate.decided(true)
        #expect(gate.next().name == "none")
    }

    @Test func heldMessagesAreBounded() throws {
        let gate = gate()
        #expect(throws: WireError.self) { try gate.hold(.received(root: digest(1))) }
        let next = UInt64(entries.count)
        for number in 0..<UInt64(10) { try gate.hold(try page(entries, first: number * next)) }
        #expect(throws: WireError.self) { try gate.hold(try page(entries, first: 10 * next)) }
    }

    /// With each lead lane that is lost a sender says the same again, while a person thinks.
    @Test func repetitionsArePassedOver() throws {
        let gate = gate()
        for _ in 0..<50 {
            try gate.hold(try page(entries))
            try gate.hold(.manifestEnd(entries: 2, chunks: 2))
        }
        #expect(gate.takeHeld().count == 2)
    }

    /// Pages behind a gap must come again.
    @Test func onlyPagesWithoutAGapCount() throws {
        let gate = gate()
        try gate.hold(try page(entries, first: 2))
        #expect(gate.heldEntries == 0)
        try gate.hold(try page(entries))
        #expect(gate.heldEntries == 2)
    }

    /// Nobody is asked about a manifest that could not be accepted.
    @Test func pageThatLiesIsRefusedBeforeAnybodyIsAsked() throws {
        let gate = gate()
        #expect(gate.offered(id, sums, counting: false))
        gate.looked(.fresh)
        let page = DataMessage.manifestPage(first: 0, count: 3, rawLength: 100, deflated: ByteBuffer(string: "junk"))
        #expect(throws: WireError.invalid("manifest page")) { try gate.hold(page) }
        #expect(gate.next().name == "none")
    }

    /// What the manifest must be is known once the sender has counted it.
    @Test func onlyWholeOffersArePromises() {
        for counting in [true, false] {
            var gate = OfferGate(sender: sender, senderName: "ada")
            #expect(gate.promise(known: ManifestTotals()) == nil)
            _ = gate.offered(id, sums, counting: counting, piped: false)
            #expect(gate.promise(known: ManifestTotals()) == (counting ? nil : ManifestPromise(sums)))
        }
    }
}

/// A gate that expectations can talk to.
private final class Talk {
    private var gate: OfferGate

    init(_ gate: OfferGate) { self.gate = gate }

    var heldEntries: UInt64 { gate.heldEntries }

    func offered(_ id: TransferID, _ sums: TransferSums, counting: Bool) -> Bool {
        gate.offered(id, sums, counting: counting, piped: false)
    }

    func looked(_ standing: OfferStanding) { gate.looked(standing) }
    func decided(_ yes: Bool) { gate.decided(yes) }
    func hold(_ message: DataMessage) throws { try gate.hold(message) }
    func takeHeld() -> [DataMessage] { gate.takeHeld() }
    func next() -> OfferGate.Step { gate.next() }
}

extension OfferGate.Step {
    fileprivate var name: String {
        switch self {
        case .none: "none"
        case .ask: "ask"
        case .create: "create"
        case .accept: "accept"
        case .decline: "decline"
        }
    }
}
