import MeshWire
import Testing

@testable import MeshChannel

@Suite struct ChannelNegotiationTests {
    private func offering(lanes: Int = 4, epoch: UInt32 = 1) throws -> ChannelOffering {
        try ChannelOffering(channel: channel, epoch: epoch, set: .standard, lanes: lanes, ends: dialerEnds)
    }
    private let answering = ChannelAnswering(ends: listenerEnds, policy: .init())

    @Test func bothEndsAgree() throws {
        let offering = try offering(lanes: 8)
        #expect(offering.offer.key.count == 1_216)
        let policy = ChannelAnswering.Policy(maxLanes: 3, dataHost: "10.0.0.2", dataPort: 9)
        let (status, there) = try ChannelAnswering(ends: listenerEnds, policy: policy).answer(offering.offer)
        guard case .accepted(let encapsulation, lanes: 3, dataHost: "10.0.0.2", dataPort: 9) = status.outcome else {
            Issue.record("answered \(status)")
            return
        }
        #expect(encapsulation.count == 1_120)
        let here = try offering.accepted(status)
        #expect(here.key == there.key)
        #expect(here.fingerprint == there.fingerprint)
        #expect(here.primes == there.primes && here.lanes == 3 && there.lanes == 3)
        #expect(here.dataHost == "10.0.0.2" && here.dataPort == 9 && there.dataHost == nil)
        #expect(here.role == .dialer && there.role == .listener)
        #expect(here.local == there.remote && here.remote == there.local)
    }

    @Test func theListenerMayOffer() throws {
        let offering = try ChannelOffering(channel: channel, epoch: 1, set: .high, lanes: 2, ends: listenerEnds)
        let policy = ChannelAnswering.Policy(dataHost: "unused", dataPort: 1)
        let (status, dialer) = try ChannelAnswering(ends: dialerEnds, policy: policy).answer(offering.offer)
        let listener = try offering.accepted(status)
        #expect(dialer.key == listener.key && dialer.set == .high)
        #expect(dialer.dataHost == nil && listener.dataHost == nil)
    }

    @Test func eachNegotiationHasItsOwnKey() throws {
        let (first, second) = (try agree().dialer, try agree().dialer)
        #expect(first.key != second.key)
        #expect(first.fingerprint != second.fingerprint)
    }

    @Test func thePinnedSecretMustBeTheSame() throws {
        let same = try agree(secret: (bytes32(5), bytes32(5)))
        #expect(same.dialer.key == same.listener.key)
        let other = try agree(secret: (bytes32(5), bytes32(6)))
        #expect(other.dialer.key != other.listener.key)
        let missing = try agree(secret: (bytes32(5), nil))
        #expect(missing.dialer.fingerprint != missing.listener.fingerprint)
    }

    @Test(arguments: [0, 1_215, 1_217])
    func keyOfWrongLengthIsRefused(count: Int) throws {
        var offer = try offering().offer
        offer.key = Array(repeating: 1, count: count)
        #expect(throws: NegotiationError.keyLength(count)) { try answering.answer(offer) }
    }

    @Test func keyThatIsNoneIsRefused() throws {
        // ML-KEM's coefficients are below 3,329; 0xfff is none (FIPS 203, section 7.2).
        var offer = try offering().offer
        offer.key = Array(repeating: 0xff, count: 1_216)
        #expect(throws: NegotiationError.keyUnusable) { try answering.answer(offer) }
    }

    @Test(arguments: [-1, 0, 9, Int.max])
    func lanesOutsideOneToEightAreRefused(lanes: Int) throws {
        var offer = try offering().offer
        offer.lanes = lanes
        #expect(throws: NegotiationError.lanes(lanes, limit: 8)) { try answering.answer(offer) }
        #expect(throws: NegotiationError.lanes(lanes, limit: 8)) {
            _ = try ChannelOffering(channel: channel, epoch: 1, set: .high, lanes: lanes, ends: dialerEnds)
        }
    }

    @Test func epochsOnlyGrow() throws {
        var answering = answering
        answering.knownEpoch = 5
        for epoch: UInt32 in [1, 5] {
            let offer = try offering(epoch: epoch).offer
            let error = NegotiationError.staleEpoch(epoch, known: 5)
            #expect(throws: error) { try answering.answer(offer) }
            #expect(ChannelAnswering.rejection(of: offer, because: error).outcome == .rejected(.busy))
        }
        #expect(try answering.answer(offering(epoch: 6).offer).agreed.epoch == 6)
        #expect(throws: NegotiationError.staleEpoch(0, known: 0)) { _ = try offering(epoch: 0) }
    }

    private func accept(_ change: (inout ChannelStatus) -> Void) throws -> AgreedChannel {
        let offering = try offering()
        var (status, _) = try answering.answer(offering.offer)
        change(&status)
        return try offering.accepted(status)
    }

    @Test func answersOfWrongFormAreRefused() throws {
        func outcome(_ count: Int = 1_120, lanes: Int = 4, host: String? = nil, port: Int? = nil)
            -> ChannelStatus.Outcome
        {
            .accepted(
                encapsulation: Array(repeating: 0, count: count), lanes: lanes, dataHost: host, dataPort: port)
        }
        let cases: [(ChannelStatus.Outcome, NegotiationError)] = [
            (outcome(1_119), .encapsulationLength(1_119)), (outcome(1_121), .encapsulationLength(1_121)),
            (outcome(lanes: 0), .lanes(0, limit: 4)), (outcome(lanes: 5), .lanes(5, limit: 4)),
            (outcome(port: 0), .dataAddress), (outcome(port: 65_536), .dataAddress),
            (outcome(host: ""), .dataAddress), (outcome(host: "a b"), .dataAddress),
            (outcome(host: "é"), .dataAddress), (outcome(host: String(repeating: "a", count: 254)), .dataAddress),
            (.rejected(.tooMany), .rejected(.tooMany)), (.closed(.leaving), .closed(.leaving)),
        ]
        for (outcome, error) in cases {
            #expect(throws: error) { _ = try accept { $0.outcome = outcome } }
        }
        #expect(throws: NegotiationError.otherChannel(channel, epoch: 2)) { _ = try accept { $0.epoch = 2 } }
    }

    @Test func answersToOtherOffersAreToldApartBeforeTheyUseThisOneUp() throws {
        let offering = try offering(epoch: 2)
        let (status, _) = try answering.answer(offering.offer)
        var old = status
        old.epoch = 1
        let byOld = offering.isAnswered(by: old)
        let byNew = offering.isAnswered(by: status)
        #expect(!byOld && byNew)
        #expect(try offering.accepted(status).epoch == 2)
    }

    /// Garbage of the right length decapsulates to another secret, which the lanes' proofs find out.
    @Test func anEncapsulationForAnotherKeyGivesAnotherSecret() throws {
        let offering = try offering()
        let (_, listener) = try answering.answer(offering.offer)
        let (other, _) = try answering.answer(try self.offering().offer)
        let dialer = try offering.accepted(other)
        #expect(dialer.key != listener.key)
    }

    @Test func ofCrossingOffersTheLowerNodesStays() throws {
        // Both ends offer before they have the other's offer.
        let low = try ChannelOffering(channel: channel, epoch: 1, set: .standard, lanes: 4, ends: dialerEnds)
        let high = try ChannelOffering(
            channel: ChannelID(Bytes16()), epoch: 1, set: .standard, lanes: 4, ends: listenerEnds)
        let stays = (low.ends.ourOfferStays, high.ends.ourOfferStays)
        #expect(stays == (true, false))
        // The high node drops its offer and answers; the low node leaves the other's offer unanswered.
        let (status, there) = try ChannelAnswering(ends: high.ends, policy: .init()).answer(low.offer)
        let here = try low.accepted(status)
        #expect(here.key == there.key && here.channel == channel)
    }
}
