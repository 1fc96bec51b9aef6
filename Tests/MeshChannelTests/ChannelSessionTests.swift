import MeshWire
import Testing

@testable import MeshChannel

@Suite struct ChannelSessionTests {
    @Test func aDialersFirstMinute() throws {
        let agreed = try agree().dialer
        var t = Transcript(agreed)
        let lanes = (0..<4).map { agreed.lane($0) }
        #expect(t.session.start(now: second) == lanes.map { .dial($0, at: second) })
        #expect(t.session.isWanted(lanes[3]) && !t.session.isWanted(agreed.lane(4)))
        #expect(t.session.laneOpened(lanes[1], now: 2 * second) == [.probe(lanes[1], number: 0)])
        #expect(!t.session.isOpen)
        #expect(t.session.echo(lanes[1], number: 0, now: 2_100 * ms) == [.opened(epoch: 1)])
        #expect(t.session.isOpen)
        #expect(t.up(lanes[0], 2_200 * ms) == [.probe(lanes[0], number: 1)])
        #expect(t.up(lanes[2], 2_200 * ms) == [.probe(lanes[2], number: 2)])
        #expect(t.up(lanes[3], 2_200 * ms) == [.probe(lanes[3], number: 3)])
        #expect(t.session.workingLanes == [lanes[1], lanes[0], lanes[2], lanes[3]])
        #expect(t.pass(from: 2_500 * ms, to: 60 * second) == [])
        #expect(t.session.counters.lanesOpened == 4 && t.session.counters.lanesLost == 0)
        #expect(t.session.lanes.dropFirst().allSatisfy { $0.health.latency == ms })
    }

    @Test func eachLaneIsProbedAtItsPrimesPeriod() throws {
        let agreed = try agree(lanes: 1).dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        _ = t.up(agreed.lane(0), 0)
        let period = UInt64(agreed.primes[0]) * 5 * ms
        #expect(t.session.nextDeadline == 500 * ms)
        _ = t.pass(from: 500 * ms, to: 5 * second)
        #expect(t.tick(period - 1) == [])
        #expect(t.session.nextDeadline == period)
        #expect(t.tick(period) == [.probe(agreed.lane(0), number: 1)])
        #expect(t.tick(period) == [])
    }

    @Test func aListenerWaitsAndAdmits() throws {
        let agreed = try agree().listener
        var t = Transcript(agreed)
        #expect(t.session.start(now: 0) == [])
        let name = agreed.lane(5)
        try t.session.admit(name)
        #expect(t.up(name, second) == [.probe(name, number: 0), .opened(epoch: 1)])
        #expect(t.failed(name, 2 * second) == [])
        #expect(t.session.counters.lanesLost == 1 && !t.session.isOpen)
    }

    @Test func whatIsNotAdmitted() throws {
        let (dialer, agreed) = try agree(epoch: 3)
        var t = Transcript(agreed)
        let first = agreed.lane(0)
        #expect(throws: LaneRefusal.notListening) { try t.session.admit(first) }
        _ = t.session.start(now: 0)
        try t.session.admit(agreed.lane(0, 4))
        for generation: UInt32 in [4, 3, 0] {
            // Replayed while its proof is still due, when it is up, and after it went.
            #expect(throws: LaneRefusal.staleGeneration(generation, latest: 4)) {
                try t.session.admit(agreed.lane(0, generation))
            }
        }
        _ = t.up(agreed.lane(0, 4), second)
        #expect(throws: LaneRefusal.staleGeneration(4, latest: 4)) { try t.session.admit(agreed.lane(0, 4)) }
        _ = t.failed(agreed.lane(0, 4), 2 * second)
        #expect(throws: LaneRefusal.staleGeneration(4, latest: 4)) { try t.session.admit(agreed.lane(0, 4)) }
        try t.session.admit(agreed.lane(0, 5))
        #expect(throws: LaneRefusal.staleGeneration(0, latest: 0)) { try t.session.admit(agreed.lane(7, 0)) }

        var name = first
        name.epoch = 2
        #expect(throws: LaneRefusal.otherEpoch(2, current: 3)) { try t.session.admit(name) }
        name.channel = ChannelID(Bytes16())
        #expect(throws: LaneRefusal.otherChannel) { try t.session.admit(name) }
        name = agreed.lane(8)
        #expect(throws: LaneRefusal.unknownPrime(name.prime)) { try t.session.admit(name) }
        var dialing = Transcript(dialer)
        _ = dialing.session.start(now: 0)
        #expect(throws: LaneRefusal.notListening) { try dialing.session.admit(dialer.lane(0, 2)) }
    }

    /// A peer may not have lane after lane drained and go on filling all of them.
    @Test func onlySoManyLanesAreUpAtOnce() throws {
        let agreed = try agree().listener
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        for count in 0..<ChannelSession.lanesUp {
            let name = agreed.lane(count % 8, UInt32(1 + count / 8))
            try t.session.admit(name)
            _ = t.up(name, second)
        }
        #expect(throws: LaneRefusal.tooMany(12)) { try t.session.admit(agreed.lane(7, 9)) }
        _ = t.failed(agreed.lane(0, 1), 2 * second)
        try t.session.admit(agreed.lane(7, 9))
    }

    @Test func aLaneThatWasNotAdmittedIsClosed() throws {
        let agreed = try agree().listener
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        #expect(t.session.laneOpened(agreed.lane(0), now: 1) == [.close(agreed.lane(0), .unknown)])
        try t.session.admit(agreed.lane(0, 1))
        try t.session.admit(agreed.lane(0, 2))
        #expect(t.session.laneOpened(agreed.lane(0, 1), now: 1) == [.close(agreed.lane(0, 1), .unknown)])
        #expect(t.session.lanes.isEmpty)
    }

    @Test func aLostLaneIsDialedAnewWhileTheOthersLive() throws {
        let agreed = try agree(lanes: 2).dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        _ = t.up(agreed.lane(0), 0)
        _ = t.up(agreed.lane(1), 0)
        var next = try dial(t.failed(agreed.lane(0), second))
        #expect(next.name == agreed.lane(0, 2) && next.at > second && next.at <= 1_100 * ms)
        #expect(t.failed(agreed.lane(0), second) == [])  // said twice
        // The dial fails: again, later and with the next generation.
        next = try dial(t.failed(agreed.lane(0, 2), 2 * second))
        #expect(next.name == agreed.lane(0, 3) && next.at >= 2_150 * ms && next.at <= 2_200 * ms)
        #expect(t.up(agreed.lane(0, 3), 3 * second) == [.probe(agreed.lane(0, 3), number: 2)])
        #expect(t.session.isOpen)
        #expect(
            t.session.counters
                == {
                    var counters = ChannelCounters(epoch: 1)
                    counters.generation = 3
                    counters.lanesOpened = 3
                    counters.lanesLost = 1
                    counters.dialsFailed = 1
                    return counters
                }())
    }

    /// The wait grows until an echo shows that the lane is of use, not when it merely opens.
    @Test func aLaneThatDiesAtOnceIsDialedLessAndLess() throws {
        let agreed = try agree(lanes: 2).dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        _ = t.up(agreed.lane(0), 0)
        var name = agreed.lane(1)
        var waits: [UInt64] = []
        for round in UInt64(1)...8 {
            _ = t.session.laneOpened(name, now: round * 10 * second)
            let next = try dial(t.failed(name, round * 10 * second))
            waits.append(next.at - round * 10 * second)
            name = next.name
        }
        #expect(waits == waits.sorted() || waits.last! >= 3_750 * ms)
        #expect(waits[0] <= 100 * ms && waits[7] >= 3_750 * ms && waits[7] <= 5 * second)
        _ = t.up(name, 100 * second)
        #expect(try dial(t.failed(name, 101 * second)).at <= 101_100 * ms)
    }

    @Test func aSilentLaneIsReplaced() throws {
        let agreed = try agree(lanes: 2).dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        _ = t.up(agreed.lane(0), 0)
        _ = t.up(agreed.lane(1), 0)
        let seen = t.pass(from: 500 * ms, to: 40 * second, silent: [agreed.lane(0)])
        #expect(seen.first == .close(agreed.lane(0), .timedOut))
        #expect(try dial(seen).name == agreed.lane(0, 2))
        #expect(seen.count == 2)
        #expect(t.session.workingLanes == [agreed.lane(1)])
    }

    @Test func aFrozenProcessReplacesNothing() throws {
        let agreed = try agree(lanes: 2).dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        _ = t.up(agreed.lane(0), 0)
        _ = t.up(agreed.lane(1), 0)
        _ = t.pass(from: 500 * ms, to: 4 * second)
        // Ten minutes later both lanes are probed once and answer.
        let probes = t.tick(600 * second)
        #expect(probes.count == 2)
        #expect(probes.flatMap { t.answer($0, 600 * second + ms) } == [])
        #expect(t.pass(from: 600 * second + 500 * ms, to: 620 * second) == [])
        #expect(t.session.workingLanes.count == 2 && t.session.counters.lanesLost == 0)
    }

    @Test func poorLanesGetNoNewWorkWhileThereAreGoodOnes() throws {
        let agreed = try agree(lanes: 2).dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        _ = t.up(agreed.lane(0), 0)
        _ = t.up(agreed.lane(1), 0)
        func write(_ lane: Int, _ took: [UInt64], at start: UInt64) {
            var now = start
            for took in took {
                _ = t.pass(from: now, to: now + took)
                t.session.frameWritten(agreed.lane(lane), bytes: 100, start: now, now: now + took)
                now += took
            }
        }
        // 9 of 14 or so: below 0.7, above 0.5.
        write(0, Array(repeating: 0, count: 6) + Array(repeating: 3 * second, count: 6), at: second)
        #expect(t.session.lanes[0].health.verdict == .noNewWork)
        #expect(t.session.workingLanes == [agreed.lane(1)])
        _ = t.failed(agreed.lane(1), 30 * second)
        #expect(t.session.workingLanes == [agreed.lane(0)])
    }

    @Test func closing() throws {
        let agreed = try agree(lanes: 2).dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        _ = t.up(agreed.lane(0), 0)
        #expect(t.session.close(.leaving) == [.close(agreed.lane(0), .leaving)])
        #expect(t.session.close(.leaving) == [])
        #expect(t.session.isClosed && t.session.nextDeadline == nil && !t.session.isWanted(agreed.lane(1)))
        #expect(t.session.laneOpened(agreed.lane(1), now: 1) == [.close(agreed.lane(1), .unknown)])
        #expect(t.failed(agreed.lane(0), 1) == [] && t.tick(second) == [])
    }

    @Test func echoesNobodyAskedForOpenNothing() throws {
        let agreed = try agree().dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        _ = t.session.laneOpened(agreed.lane(0), now: 0)
        #expect(t.session.echo(agreed.lane(0), number: 77, now: 1) == [])
        #expect(t.session.echo(agreed.lane(1), number: 0, now: 1) == [])
        #expect(!t.session.isOpen)
    }
}
