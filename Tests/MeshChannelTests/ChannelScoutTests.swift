import MeshWire
import Testing

@testable import MeshChannel

/// A network that was gone comes back.
@Suite struct ChannelScoutTests {
    private let agreed: AgreedChannel
    private let lanes: [LaneName]

    init() throws {
        let agreed = try agree(lanes: 3).dialer
        self.agreed = agreed
        lanes = (0..<3).map { agreed.lane($0) }
    }

    /// A channel with its three lanes, at 1 s.
    private func open(_ agreed: AgreedChannel) throws -> Transcript {
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        for index in 0..<3 {
            if agreed.role == .listener { try t.session.admit(agreed.lane(index)) }
            _ = t.up(agreed.lane(index), second)
        }
        return t
    }

    /// Lanes that are dead, and the scout that is dialed beside them.
    private func scouting(_ t: inout Transcript) throws -> (name: LaneName, at: UInt64) {
        try dial(t.pass(from: 1_500 * ms, to: 11 * second, silent: Set(lanes), repeats: 3))
    }

    @Test func oneLaneIsDialedBesideThoseThatNobodyAnswers() throws {
        var t = try open(agreed)
        let scout = try scouting(&t)
        #expect(scout.name.generation == 2)
        // Each try is short, and the next one soon: one leaves within a second of the path's return.
        #expect(t.session.connectLimit(scout.name) == 2 * second)
        var last = scout
        for _ in 0..<20 {
            let now = last.at + 2 * second
            last = try dial(t.failed(last.name, now))
            #expect(last.name.prime == scout.name.prime && last.at <= now + 500 * ms)
        }
    }

    /// Connections may be refused where those that stand are answered again.
    @Test func nobodyScoutsForLanesThatAreAnsweredAgain() throws {
        var t = try open(agreed)
        let scout = try scouting(&t)
        for lane in lanes { #expect(t.session.repeated(lane, count: 0, now: 12 * second).isEmpty) }
        #expect(t.failed(scout.name, 13 * second).isEmpty)
        #expect(t.session.isOpen && t.session.connectLimit(scout.name) == 10 * second)
    }

    @Test func whatIsUpAgainTakesTheDeadLanesPlaces() throws {
        var t = try open(agreed)
        let scout = try scouting(&t)
        let now = 12 * second
        let instructions = t.session.laneOpened(scout.name, now: now)
        let closed = instructions.filter { if case .close(_, .timedOut) = $0 { true } else { false } }
        #expect(closed == lanes.map { .close($0, .timedOut) })
        let dialed = lanes.filter { $0.prime != scout.name.prime }
            .map { LaneName(channel: $0.channel, epoch: 1, prime: $0.prime, generation: 2) }
        #expect(Array(instructions.suffix(2)) == dialed.map { .dial($0, at: now) })
        #expect(instructions.count == 6 && t.session.isOpen && t.session.counters.lanesLost == 3)
        #expect(t.session.connectLimit(dialed[0]) == 10 * second)
    }

    /// A lane that was heard meanwhile is alive: the scout takes its place as a renewal does, and it drains.
    @Test func whoeverAnswersFirstCarriesOn() throws {
        var t = try open(agreed)
        let scout = try scouting(&t)
        for name in lanes { t.session.heard(name, bytes: 1, now: 11_500 * ms) }
        let instructions = t.session.laneOpened(scout.name, now: 11_600 * ms)
        let old = try #require(lanes.first { $0.prime == scout.name.prime })
        #expect(instructions.count == 2 && instructions[0] == .drain(old))
        #expect(t.session.counters.lanesLost == 0)
    }

    /// TCP gets its answers, late: the path is slow, and nothing is gained by another lane.
    @Test func aSlowLaneIsNotDead() throws {
        var t = try open(agreed)
        #expect(t.pass(from: 1_500 * ms, to: 25 * second, silent: Set(lanes), repeats: 2) == [])
    }

    @Test func theSystemIsAskedOnlyOfLanesThatWait() throws {
        var t = try open(agreed)
        // An answered lane at rest, then one that took bytes, and then was heard.
        #expect(t.pass(from: 1_500 * ms, to: 2_500 * ms) == [])
        t.session.frameWritten(lanes[1], bytes: 10, start: 2_600 * ms, now: 2_600 * ms)
        #expect(t.tick(3_000 * ms) + t.tick(3_500 * ms) == [])
        #expect(t.tick(4_000 * ms) == [.examine(lanes[1])])
        t.session.heard(lanes[1], bytes: 10, now: 4_100 * ms)
        #expect(t.tick(4_500 * ms) == [])
    }

    /// Both notice; the dialer dials, and each closes what is dead there.
    @Test func theListenerClosesItsDeadLanesToo() throws {
        let agreed = try agree(lanes: 3).listener
        var t = try open(agreed)
        #expect(t.pass(from: 1_500 * ms, to: 11 * second, silent: Set(lanes), repeats: 3) == [])
        let scout = agreed.lane(1, 2)
        try t.session.admit(scout)
        let instructions = t.session.laneOpened(scout, now: 11 * second)
        #expect(instructions.dropLast() == lanes.map { .close($0, .timedOut) }[...])
        #expect(t.session.isOpen)
    }

    /// The control link may be as dead as the lanes were, so the present epoch is not given up before the next is agreed on.
    @Test func withoutAnyLaneOneGoesOnBeingDialed() throws {
        var t = try open(agreed)
        for name in lanes { _ = t.failed(name, 10 * second) }
        let instructions = t.tick(15 * second)
        #expect(instructions.first == .recover(epoch: 2, set: .high))
        var scout = try dial(instructions)
        #expect(scout.at == 15 * second)
        for _ in 0..<5 { scout = try dial(t.failed(scout.name, scout.at + 2 * second)) }
        let up = t.up(scout.name, scout.at)
        #expect(up.contains(.opened(epoch: 1)) && t.session.isOpen)
        let others = up.filter { if case .dial = $0 { true } else { false } }
        #expect(others.count == 2)
        // The next epoch may be agreed on all the same.
        let next = try agree(epoch: 2, set: .high, lanes: 1).dialer
        #expect(t.session.recovered(next, now: 30 * second).last == .dial(next.lane(0), at: 30 * second))
    }

    @Test func aPathThatIsSlowHasItsTime() throws {
        var t = try open(agreed)
        for instruction in t.tick(9 * second) {
            guard case .probe(let name, let number) = instruction else { continue }
            _ = t.session.echo(name, number: number, now: 10 * second)
        }
        let scout = try dial(t.pass(from: 10_500 * ms, to: 19 * second, silent: Set(lanes), repeats: 9))
        #expect(t.session.connectLimit(scout.name) == 4 * second)
    }
}
