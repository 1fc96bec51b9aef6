import MeshWire
import Testing

@testable import MeshChannel

/// A link's channel from the first offer on: who says what, and when a transfer may work.
@Suite struct ChannelAgreementTests {
    /// Both ends of one link; what one says the other is told when the test says so.
    private struct Link {
        var dialer = ChannelAgreement(role: .dialer, negotiation: KeyNegotiation(ends: dialerEnds, policy: .init()))
        var listener: ChannelAgreement

        init(listener ends: ChannelEnds = listenerEnds) {
            listener = ChannelAgreement(role: .listener, negotiation: KeyNegotiation(ends: ends, policy: .init()))
        }

        /// Offer and answer; what each end has agreed to.
        mutating func agree(_ instructions: [ChannelAgreement.Instruction]) throws -> (
            dialer: AgreedChannel, listener: AgreedChannel
        ) {
            let offer = try #require(instructions.offer)
            let answered = listener.heard(offer)
            let status = try #require(answered.status)
            let dialed = dialer.heard(status)
            return (try #require(dialed.agreed), try #require(answered.agreed))
        }
    }

    private func ready(_ agreed: AgreedChannel) -> ChannelAgreement.Instruction {
        .say(.ready(channel: agreed.channel, epoch: agreed.epoch, fingerprint: agreed.fingerprint))
    }

    @Test func workBeginsOnceBothEndsAreReady() throws {
        var link = Link()
        let (here, there) = try link.agree(link.dialer.begin(channel, lanes: 4))
        #expect(here.fingerprint == there.fingerprint)
        #expect(link.dialer.passed(epoch: 1) == [ready(here)])
        #expect(!link.dialer.isOpen)
        #expect(link.listener.heardReady(channel, epoch: 1, fingerprint: here.fingerprint) == [])
        #expect(link.listener.passed(epoch: 1) == [ready(there), .open(epoch: 1)])
        #expect(link.dialer.heardReady(channel, epoch: 1, fingerprint: there.fingerprint) == [.open(epoch: 1)])
        #expect(link.dialer.isOpen && link.listener.isOpen)
        // Said again it changes nothing.
        #expect(link.dialer.heardReady(channel, epoch: 1, fingerprint: there.fingerprint) == [])
    }

    /// The gate is the epoch's: what was compared before a recovery says nothing of the keys behind it.
    @Test func aRecoveredChannelIsComparedAnew() throws {
        var link = Link()
        let first = try link.agree(link.dialer.begin(channel, lanes: 4)).dialer
        _ = link.dialer.passed(epoch: 1)
        _ = link.dialer.heardReady(channel, epoch: 1, fingerprint: first.fingerprint)
        #expect(link.dialer.isOpen)
        let (here, there) = try link.agree(link.dialer.recover(epoch: 2, set: .high))
        #expect(here.epoch == 2 && here.set == .high && here.fingerprint != first.fingerprint)
        #expect(!link.dialer.isOpen)
        #expect(link.dialer.passed(epoch: 2) == [ready(here)])
        #expect(link.dialer.heardReady(channel, epoch: 1, fingerprint: first.fingerprint) == [], "of the last epoch")
        #expect(link.dialer.heardReady(channel, epoch: 2, fingerprint: there.fingerprint) == [.open(epoch: 2)])
    }

    @Test func anotherFingerprintIsRefused() throws {
        var other = listenerEnds
        other.resumeSecret = bytes32(9)
        var link = Link(listener: other)
        let (_, there) = try link.agree(link.dialer.begin(channel, lanes: 4))
        _ = link.dialer.passed(epoch: 1)
        let answer = link.dialer.heardReady(channel, epoch: 1, fingerprint: there.fingerprint)
        #expect(answer == [.refuse(.identity)])
        #expect(!link.dialer.isOpen)
    }

    /// Work goes on while the link is away; on the next one both compare what they have of the channel.
    @Test func theChannelOutlivesItsLink() throws {
        var link = try opened()
        #expect(link.dialer.relinked() == [ready(link.agreed)])
        #expect(link.dialer.isOpen)
        #expect(link.listener.relinked() == [ready(link.agreed)])
        let fingerprint = link.agreed.fingerprint
        #expect(link.listener.heardReady(channel, epoch: 1, fingerprint: fingerprint) == [.open(epoch: 1)])
        #expect(link.dialer.heardReady(channel, epoch: 1, fingerprint: fingerprint) == [.open(epoch: 1)])
        #expect(link.dialer.heardReady(channel, epoch: 1, fingerprint: fingerprint) == [])
    }

    /// One end has lost the channel and begun anew: the other hears it by what is said next, and lets go.
    @Test func aChannelThatThePeerHasForgottenIsOver() throws {
        var link = try opened()
        _ = link.dialer.relinked()
        var anew = ChannelAgreement(
            role: .listener, negotiation: KeyNegotiation(ends: listenerEnds, policy: .init()))
        let answer = anew.heardReady(channel, epoch: 1, fingerprint: link.agreed.fingerprint)
        #expect(link.dialer.heard(try #require(answer.status)) == [.superseded])

        _ = link.listener.relinked()
        var other = ChannelAgreement(role: .dialer, negotiation: KeyNegotiation(ends: dialerEnds, policy: .init()))
        let offer = try #require(other.begin(ChannelID(Bytes16()), lanes: 4).offer)
        #expect(link.listener.heard(offer) == [.superseded])
    }

    /// Both ends of a link whose channel works.
    private func opened() throws -> (dialer: ChannelAgreement, listener: ChannelAgreement, agreed: AgreedChannel) {
        var link = Link()
        let agreed = try link.agree(link.dialer.begin(channel, lanes: 4)).dialer
        _ = link.dialer.passed(epoch: 1)
        _ = link.listener.passed(epoch: 1)
        _ = link.dialer.heardReady(channel, epoch: 1, fingerprint: agreed.fingerprint)
        _ = link.listener.heardReady(channel, epoch: 1, fingerprint: agreed.fingerprint)
        return (link.dialer, link.listener, agreed)
    }

    /// The lane may be faster than the link: a peer that works has compared what this end said.
    @Test func workSaysThatThePeerIsReady() throws {
        var link = Link()
        let (here, _) = try link.agree(link.dialer.begin(channel, lanes: 4))
        #expect(link.dialer.passed(epoch: 1) == [ready(here)])
        #expect(link.dialer.heardWork(epoch: 1) == [.open(epoch: 1)])
        #expect(link.dialer.heardWork(epoch: 1) == [])
    }

    @Test func workBeforeThisEndIsReadyIsABreach() throws {
        var link = Link()
        #expect(link.listener.heardWork(epoch: 1) == [], "there is no channel that it could belong to")
        _ = try link.agree(link.dialer.begin(channel, lanes: 4))
        #expect(link.listener.heardWork(epoch: 1) == [.refuse(.protocolViolation)])
    }

    /// What is left of the lanes of the last epoch comes late.
    @Test func workOfTheLastEpochOpensNothing() throws {
        var link = Link()
        _ = try link.agree(link.dialer.begin(channel, lanes: 4))
        _ = try link.agree(link.dialer.recover(epoch: 2, set: .high))
        #expect(link.listener.heardWork(epoch: 1) == [])
    }

    @Test func oneChannelForALink() throws {
        var link = Link()
        _ = try link.agree(link.dialer.begin(channel, lanes: 4))
        let another = ChannelID(Bytes16(repeatElement(8, count: 16))!)
        let offer = try #require(link.dialer.begin(another, lanes: 4).offer)
        #expect(link.listener.heard(offer) == [.refuse(.tooMany)])
        #expect(link.dialer.heard(offer) == [.refuse(.protocolViolation)], "a dialer offers, and takes no offer")
    }

    @Test func anOfferThatIsTooOldIsRejected() throws {
        var link = Link()
        let offer = try #require(link.dialer.begin(channel, lanes: 4).offer)
        #expect(link.listener.heard(offer).agreed?.epoch == 1)
        let answer = link.listener.heard(offer)
        #expect(answer == [.say(.channelStatus(ChannelStatus(channel: channel, epoch: 1, outcome: .rejected(.busy))))])
    }

    @Test func aRejectionEndsTheFirstEpochAndDelaysALaterOne() throws {
        var link = Link()
        var refused = Link()
        let rejection = ChannelStatus(channel: channel, epoch: 1, outcome: .rejected(.busy))
        _ = refused.dialer.begin(channel, lanes: 4)
        #expect(refused.dialer.heard(rejection) == [.failed(.rejected(.busy))])
        _ = try link.agree(link.dialer.begin(channel, lanes: 4))
        _ = link.dialer.recover(epoch: 2, set: .high)
        #expect(link.dialer.heard(rejection) == [], "it answers an older offer")
        let later = ChannelStatus(channel: channel, epoch: 2, outcome: .rejected(.busy))
        #expect(link.dialer.heard(later) == [.recoveryFailed])
    }
}

extension [ChannelAgreement.Instruction] {
    fileprivate var offer: ChannelOffer? {
        for case .say(.channelOffer(let offer)) in self { return offer }
        return nil
    }

    fileprivate var status: ChannelStatus? {
        for case .say(.channelStatus(let status)) in self { return status }
        return nil
    }

    fileprivate var agreed: AgreedChannel? {
        for case .agreed(let agreed) in self { return agreed }
        return nil
    }
}
