import MeshControl
import Testing

@Suite struct LinkElectionTests {
    @Test func theLowerNodesLinkStaysAtBothEnds() {
        var low = LinkElection(us: node(1), them: node(2))
        #expect(low.opened(10, by: .them) == .first)
        #expect(low.opened(11, by: .us) == .contested)
        #expect(low.heard(on: 10) == .none)
        #expect(low.current == 10)
        #expect(low.heard(on: 11) == .close(10))
        #expect(low.current == 11)

        var high = LinkElection(us: node(2), them: node(1))
        #expect(high.opened(20, by: .us) == .first)
        #expect(high.opened(21, by: .them) == .contested)
        #expect(high.heard(on: 21) == .close(20))
        #expect(high.closed(20) == .none)
        #expect(high.closed(21) == .lost)
        #expect(high.current == nil)
    }

    @Test func aWorseLinkIsClosedOnceTheBetterHasSpoken() {
        var low = LinkElection(us: node(1), them: node(2))
        #expect(low.opened(1, by: .us) == .first)
        #expect(low.opened(2, by: .them) == .contested)
        #expect(low.heard(on: 2) == .none)
        #expect(low.current == 2)
        #expect(low.heard(on: 1) == .close(2))
        #expect(low.opened(3, by: .them) == .close(3))
    }

    @Test func aBetterLinkThatNeverSpeaksTakesNobodysPlace() {
        var low = LinkElection(us: node(1), them: node(2))
        _ = low.opened(1, by: .them)
        _ = low.heard(on: 1)
        _ = low.opened(2, by: .us)
        #expect(low.closed(2) == .none)
        #expect(low.current == 1)
    }

    @Test func ofTwoLinksOfOneDialerTheNewerStays() {
        var high = LinkElection(us: node(2), them: node(1))
        _ = high.opened(1, by: .us)
        _ = high.heard(on: 1)
        #expect(high.opened(2, by: .us) == .contested)
        #expect(high.heard(on: 1) == .none)
        #expect(high.heard(on: 2) == .close(1))
    }

    @Test func thereAreNeverMoreThanTwo() {
        var low = LinkElection(us: node(1), them: node(2))
        _ = low.opened(1, by: .us)
        _ = low.opened(2, by: .us)
        #expect(low.opened(3, by: .us) == .close(2))
        #expect(low.heard(on: 3) == .close(1))
        #expect(low.heard(on: 2) == .none)
        #expect(low.closed(9) == .none)
    }
}
