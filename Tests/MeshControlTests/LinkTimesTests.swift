import MeshControl
import Testing

@Suite struct LinkTimesTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func theChannelIsDueInTime() {
        let deadlines = LinkDeadlines(now: 0)
        #expect(deadlines.overdue(now: 15 * Self.second) == nil)
        #expect(deadlines.overdue(now: 15 * Self.second + 1) == .channel)
    }

    /// A member that opens a channel and then says nothing held a receiver, and all who waited behind it, for ever.
    @Test func theOfferIsDueInTime() {
        var deadlines = LinkDeadlines(now: 0)
        deadlines.channelOpened(awaitsOffer: true, now: 10 * Self.second)
        #expect(deadlines.overdue(now: 25 * Self.second) == nil)
        #expect(deadlines.overdue(now: 25 * Self.second + 1) == .offer)
        // A next epoch of the channel gives no new time.
        deadlines.channelOpened(awaitsOffer: true, now: 24 * Self.second)
        #expect(deadlines.overdue(now: 25 * Self.second + 1) == .offer)
        deadlines.offered()
        #expect(deadlines.overdue(now: 1_000 * Self.second) == nil)
    }

    /// Whatever comes before the channel works, there must be a channel.
    @Test func anEarlyOfferFreesNobody() {
        var deadlines = LinkDeadlines(now: 0)
        deadlines.offered()
        #expect(deadlines.overdue(now: 15 * Self.second + 1) == .channel)
    }

    /// After a recovery no lane is given to the transfer before the peer has said that it is ready.
    @Test func aLaterEpochIsDueInTime() {
        var deadlines = LinkDeadlines(now: 0)
        deadlines.channelOpened(awaitsOffer: false, now: Self.second)
        deadlines.awaitsReady(now: 100 * Self.second)
        deadlines.awaitsReady(now: 110 * Self.second)
        #expect(deadlines.overdue(now: 115 * Self.second) == nil)
        #expect(deadlines.overdue(now: 115 * Self.second + 1) == .channel)
        deadlines.recovers()
        #expect(deadlines.overdue(now: 200 * Self.second) == nil)
        deadlines.awaitsReady(now: 200 * Self.second)
        deadlines.channelOpened(awaitsOffer: false, now: 201 * Self.second)
        #expect(deadlines.overdue(now: 1_000 * Self.second) == nil)
    }

    @Test func whoOffersWaitsForAPerson() {
        var deadlines = LinkDeadlines(now: 0)
        deadlines.channelOpened(awaitsOffer: false, now: Self.second)
        #expect(deadlines.overdue(now: 1_000 * Self.second) == nil)
    }

    /// A stranger's link once replaced "for ever" by ten minutes.
    @Test func aLinkWithoutATransferIsNotThePeer() {
        var forever = MeetingPatience(first: .infinity, again: 600, now: 0)
        forever.linkEnded(hadTransfer: false, now: 5 * Self.second)
        #expect(forever.deadline == nil && !forever.isReturn)
        var short = MeetingPatience(first: 30, again: 600, now: 0)
        short.linkEnded(hadTransfer: false, now: 20 * Self.second)
        #expect(short.deadline == 30 * Self.second)
    }

    @Test func afterATransferBeganEachLossIsWaitedForAnew() {
        var patience = MeetingPatience(first: 30, again: 600, now: 0)
        patience.linkEnded(hadTransfer: true, now: 20 * Self.second)
        #expect(patience.isReturn && patience.deadline == 620 * Self.second)
        patience.linkEnded(hadTransfer: false, now: 100 * Self.second)
        #expect(patience.deadline == 700 * Self.second)
    }

    /// A sender that was busy let the same receiver in again and again, far beyond the time it was given.
    @Test func linksThatComeToNothingProlongNothing() {
        var patience = MeetingPatience(first: 5, again: 600, now: 0)
        patience.linkEnded(hadTransfer: false, now: 4 * Self.second)
        #expect(!patience.isOver(now: 5 * Self.second - 1))
        #expect(patience.isOver(now: 5 * Self.second))
        patience.linkEnded(hadTransfer: true, now: 6 * Self.second)
        #expect(!patience.isOver(now: 605 * Self.second) && patience.isOver(now: 606 * Self.second))
        #expect(!MeetingPatience(first: .infinity, again: 1, now: 0).isOver(now: .max))
    }

    @Test func noSpanOverflows() {
        #expect(MeetingPatience(first: 1e300, again: 600, now: .max - 5).deadline == nil)
        #expect(MeetingPatience(first: -5, again: 600, now: 7).deadline == 7)
    }
}
