import MeshTransfer
import Testing

@Suite struct ManifestFeedTests {
    private func feed(_ entries: Int, isComplete: Bool = true) -> ManifestFeed {
        var feed = ManifestFeed()
        feed.grew(to: totals(manifest([UInt64](repeating: 1, count: entries))), isComplete: isComplete)
        feed.start(from: 0)
        return feed
    }

    @Test func nothingLeavesBeforeTheStart() {
        var feed = ManifestFeed()
        feed.grew(to: totals(manifest([1])), isComplete: true)
        #expect(feed.next() == .none)
        feed.start(from: 0)
        #expect(feed.next() == .page(from: 0))
        #expect(feed.next() == .none)
        feed.pageSent(end: 1)
        #expect(feed.next() == .end(entries: 1, chunks: 1))
        #expect(feed.next() == .none)
    }

    @Test func fourPagesAtMostAreAhead() {
        var feed = feed(100)
        for page in 0..<UInt64(4) {
            #expect(feed.next() == .page(from: page * 10))
            feed.pageSent(end: page * 10 + 10)
        }
        #expect(feed.next() == .none)
        // Half a page more is kept: no page is whole with it.
        #expect(feed.kept(5) == true)
        #expect(feed.next() == .none)
        #expect(feed.kept(20) == true)
        #expect(feed.next() == .page(from: 40))
    }

    @Test func theEndWaitsForTheWalkAndIsSaidAgainWhenEntriesAreAdded() {
        var feed = feed(1, isComplete: false)
        #expect(feed.next() == .page(from: 0))
        feed.pageSent(end: 1)
        #expect(feed.next() == .none)
        feed.grew(to: totals(manifest([1])), isComplete: true)
        #expect(feed.next() == .end(entries: 1, chunks: 1))
        feed.grew(to: totals(manifest([1, 1])), isComplete: true)
        #expect(feed.next() == .page(from: 1))
        feed.pageSent(end: 2)
        #expect(feed.next() == .end(entries: 2, chunks: 2))
    }

    @Test func aResumedTransferGoesOnWhereTheReceiverIs() {
        var feed = feed(100)
        feed.start(from: 60)
        #expect(feed.next() == .page(from: 60))
    }

    @Test func aLostLeadGoesBackToWhatIsKept() {
        var feed = feed(100)
        #expect(feed.next() == .page(from: 0))
        feed.pageSent(end: 10)
        #expect(feed.kept(10) == true)
        #expect(feed.next() == .page(from: 10))
        feed.pageSent(end: 20)
        feed.rewind()
        #expect(feed.next() == .page(from: 10))
        // Lost while the page was read: what is read leaves on the new lead.
        feed.rewind()
        #expect(feed.next() == .none)
        feed.pageSent(end: 20)
        #expect(feed.next() == .page(from: 20))
    }

    @Test func whatLiesBeforeAPageThatWasBeingReadIsNotPassedOver() {
        var feed = feed(100)
        for page in 0..<UInt64(2) {
            #expect(feed.next() == .page(from: page * 10))
            feed.pageSent(end: page * 10 + 10)
        }
        #expect(feed.next() == .page(from: 20))
        // The lead is lost with both pages before it.
        feed.rewind()
        feed.pageSent(end: 30)
        #expect(feed.next() == .page(from: 0))
    }

    @Test func moreThanTheManifestHoldsCannotBeKept() {
        var feed = feed(10)
        #expect(feed.kept(10) == true)
        #expect(feed.kept(11) == false)
    }
}
