import MeshWire
import Testing

@testable import MeshChannel

/// Lanes follow one another, and become more.
@Suite struct ChannelRenewalTests {
    @Test func renewalAfterSixtyMinutes() throws {
        let agreed = try agree(lanes: 1).dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        _ = t.up(agreed.lane(0), 0)
        let hour = 3_600 * second
        #expect(t.pass(from: 500 * ms, to: hour - 500 * ms) == [])
        #expect(t.pass(from: hour, to: hour) == [.dial(agreed.lane(0, 2), at: hour)])
        #expect(t.pass(from: hour, to: hour + second) == [])
        // That dial fails; the old lane goes on, and another dial follows.
        #expect(try dial(t.failed(agreed.lane(0, 2), hour + second)).name == agreed.lane(0, 3))
        #expect(t.session.workingLanes == [agreed.lane(0)])
        let opened = t.up(agreed.lane(0, 3), hour + 2 * second)
        #expect(opened.first == .drain(agreed.lane(0)) && opened.count == 2)
        #expect(t.session.workingLanes == [agreed.lane(0, 3)])
        // It closes once what was under way has ended, and is not missed.
        #expect(t.failed(agreed.lane(0), hour + 5 * second) == [])
        #expect(t.session.counters.renewals == 1 && t.session.counters.lanesLost == 0)
        #expect(t.session.counters.generation == 3)
    }

    @Test func renewalAfterSixtyFourGibibytesOfBothDirections() throws {
        let agreed = try agree(lanes: 1).dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        _ = t.up(agreed.lane(0), 0)
        t.session.heard(agreed.lane(0), bytes: 60 << 30, now: second)
        t.session.frameWritten(agreed.lane(0), bytes: (4 << 30) - 1, start: second, now: second)
        #expect(t.tick(second) == [])
        t.session.heard(agreed.lane(0), bytes: 1, now: second)
        #expect(t.tick(second) == [.dial(agreed.lane(0, 2), at: second)])
    }

    @Test func theListenerDrainsAsWell() throws {
        let agreed = try agree(lanes: 1).listener
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        try t.session.admit(agreed.lane(0))
        _ = t.up(agreed.lane(0), 0)
        // Time and bytes alone make a listener do nothing.
        t.session.heard(agreed.lane(0), bytes: 65 << 30, now: second)
        #expect(t.tick(second) == [])
        try t.session.admit(agreed.lane(0, 2))
        #expect(t.session.laneOpened(agreed.lane(0, 2), now: 2 * second).first == .drain(agreed.lane(0)))
    }

    @Test func aLaneThatDrainsForTooLongIsClosed() throws {
        let agreed = try agree(lanes: 1).dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        _ = t.up(agreed.lane(0), 0)
        #expect(t.session.peerDrains(agreed.lane(0), now: second) == [.dial(agreed.lane(0, 2), at: second)])
        #expect(t.session.peerDrains(agreed.lane(0), now: second) == [])
        _ = t.up(agreed.lane(0, 2), second)
        #expect(t.pass(from: second, to: 60_500 * ms) == [])
        #expect(t.pass(from: 61 * second, to: 61 * second) == [.close(agreed.lane(0), .timedOut)])
        #expect(t.session.counters.lanesLost == 0)
    }

    @Test func growsToEightWhileThroughputRises() throws {
        let agreed = try agree(lanes: 4).dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        for index in 0..<3 { _ = t.up(agreed.lane(index), 0) }
        let rate: [UInt64] = [100, 125, 150, 175, 200].map { $0 << 20 }
        #expect(t.session.throughput(rate[0], over: second, now: second) == [])  // the fourth is not up yet
        _ = t.up(agreed.lane(3), second)
        for index in 4..<8 {
            let name = agreed.lane(index)
            #expect(t.session.throughput(rate[index - 4], over: second, now: second) == [.dial(name, at: second)])
            #expect(t.session.throughput(rate[4], over: second, now: second) == [])  // not before it is up
            _ = t.up(name, second)
        }
        #expect(t.session.throughput(rate[4] * 2, over: second, now: second) == [])
        #expect(t.session.workingLanes.count == 8)
        // A grown lane that is lost comes back.
        #expect(try dial(t.failed(agreed.lane(7), 2 * second)).name == agreed.lane(7, 2))
    }

    @Test func aListenerDoesNotGrow() throws {
        let agreed = try agree(lanes: 1).listener
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        try t.session.admit(agreed.lane(0))
        _ = t.up(agreed.lane(0), 0)
        #expect(t.session.throughput(1 << 30, over: second, now: second) == [])
    }
}
