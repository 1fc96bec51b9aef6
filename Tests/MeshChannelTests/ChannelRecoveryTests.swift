import MeshWire
import Testing

@testable import MeshChannel

@Suite struct ChannelRecoveryTests {
    /// Both ends, one lane up and tested on each.
    private func open(_ agreed: AgreedChannel, patience: UInt64? = nil) throws -> Transcript {
        var t = Transcript(agreed, patience: patience)
        _ = t.session.start(now: 0)
        if agreed.role == .listener { try t.session.admit(agreed.lane(0)) }
        let opened = t.up(agreed.lane(0), 0)
        #expect(opened.contains(.opened(epoch: agreed.epoch)))
        return t
    }

    @Test func toTheReserveAndBack() throws {
        let first = try agree(lanes: 1)
        var dialer = try open(first.dialer)
        var listener = try open(first.listener)
        let lost = 100 * second
        let redial = try dial(dialer.failed(first.dialer.lane(0), lost))
        #expect(listener.failed(first.listener.lane(0), lost) == [])
        #expect(dialer.session.nextDeadline == lost + 5 * second)

        #expect(dialer.tick(lost + 5 * second - 1) == [])
        #expect(dialer.tick(lost + 5 * second).first == .recover(epoch: 2, set: .high))
        #expect(!dialer.session.isWanted(redial.name))
        #expect(listener.tick(lost + 5 * second) == [])

        let reserve = try agree(epoch: 2, set: .high, lanes: 2)
        let now = lost + 6 * second
        #expect(listener.session.recovered(reserve.listener, now: now) == [])
        #expect(
            dialer.session.recovered(reserve.dialer, now: now)
                == [.dial(reserve.dialer.lane(0), at: now), .dial(reserve.dialer.lane(1), at: now)])
        let lane = reserve.dialer.lane(0)
        #expect(PrimeSet(.high).primes.contains(lane.prime) && lane.epoch == 2 && lane.generation == 1)
        // The former epoch is over at both ends.
        #expect(throws: LaneRefusal.otherEpoch(1, current: 2)) {
            try listener.session.admit(first.listener.lane(0, 9))
        }
        #expect(dialer.session.laneOpened(redial.name, now: now) == [.close(redial.name, .unknown)])
        try listener.session.admit(lane)
        #expect(listener.up(lane, now).last == .opened(epoch: 2))
        #expect(dialer.up(lane, now).last == .opened(epoch: 2))
        #expect(dialer.session.agreed.fingerprint == listener.session.agreed.fingerprint)
        #expect(dialer.session.counters.recoveries == 1 && dialer.session.counters.epoch == 2)

        // Lost again: back to the primary set.
        _ = dialer.failed(reserve.dialer.lane(1), now)
        _ = dialer.failed(lane, now + second)
        #expect(dialer.tick(now + 6 * second).first == .recover(epoch: 3, set: .standard))
        let primary = try agree(epoch: 3, set: .standard, lanes: 1)
        #expect(dialer.session.recovered(primary.dialer, now: now + 7 * second).count == 1)
        #expect(dialer.up(primary.dialer.lane(0), now + 8 * second).last == .opened(epoch: 3))
        #expect(dialer.session.counters.recoveries == 2)
    }

    @Test func aLaneThatComesBackInTimeSparesTheChannel() throws {
        let agreed = try agree(lanes: 1).dialer
        var t = try open(agreed)
        let next = try dial(t.failed(agreed.lane(0), 10 * second))
        #expect(t.up(next.name, 12 * second).count == 1)  // no second `.opened`
        #expect(t.pass(from: 12_500 * ms, to: 30 * second) == [])
        #expect(t.session.isOpen)
    }

    @Test func aChannelThatNeverOpensIsRecoveredToo() throws {
        let agreed = try agree(lanes: 1).dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        #expect(t.session.nextDeadline == 15 * second)
        #expect(t.tick(15 * second).first == .recover(epoch: 2, set: .high))
    }

    /// A listener that restarted knows nothing of the channel: dialing it for the whole grace would be in vain.
    @Test func aPeerThatForgotTheChannelIsAskedAtOnce() throws {
        let agreed = try agree(lanes: 2).dialer
        var t = try open(agreed)
        _ = t.failed(agreed.lane(1), 5 * second, .unknown)  // lane 0 still lives: just redialed
        let next = try dial(t.failed(agreed.lane(0), 10 * second))
        #expect(t.failed(next.name, 10_100 * ms, .unknown) == [.recover(epoch: 2, set: .high)])
        #expect(t.session.agreed.epoch == 1)
    }

    /// The listener offered, and its lanes' hellos overtake our acceptance on the control link.
    @Test func aPeerThatDoesNotKnowTheChannelYetIsDialedAgain() throws {
        let agreed = try agree(lanes: 1).dialer
        var t = Transcript(agreed)
        _ = t.session.start(now: 0)
        #expect(try dial(t.failed(agreed.lane(0), ms, .unknown)).name == agreed.lane(0, 2))
    }

    /// The peer may have accepted an offer whose answer was lost: no epoch is asked for twice.
    @Test func eachAttemptTakesTheNextEpochAndTheOtherSet() throws {
        let agreed = try agree(lanes: 1).dialer
        var t = try open(agreed)
        _ = t.failed(agreed.lane(0), 0)
        #expect(t.tick(5 * second).first == .recover(epoch: 2, set: .high))
        #expect(t.session.nextDeadline == 15 * second)
        #expect(t.tick(14 * second) == [])
        #expect(t.tick(15 * second) == [.recover(epoch: 3, set: .standard)])
        t.session.recoveryFailed(now: 16 * second, using: &t.chance)
        let again = try #require(t.session.nextDeadline)
        #expect(again > 16 * second && again <= 16_100 * ms)
        #expect(t.tick(again) == [.recover(epoch: 4, set: .high)])
        // Agreed at last on the second one, whose answer was late: the next attempt is still a new epoch.
        let late = try agree(epoch: 3, set: .standard, lanes: 1).dialer
        #expect(t.session.recovered(late, now: 20 * second) == [.dial(late.lane(0), at: 20 * second)])
        #expect(t.tick(35 * second).first == .recover(epoch: 5, set: .high))
    }

    @Test func stalledAgreementsAreIgnored() throws {
        let agreed = try agree(epoch: 4, lanes: 1)
        var t = try open(agreed.dialer)
        let before = t.session
        #expect(t.session.recovered(try agree(epoch: 4).dialer, now: 1) == [])
        #expect(t.session.recovered(try agree(epoch: 3).dialer, now: 1) == [])
        #expect(t.session.recovered(try agree(epoch: 5, on: ChannelID(Bytes16())).dialer, now: 1) == [])
        #expect(t.session.recovered(try agree(epoch: 5).listener, now: 1) == [])
        #expect(t.session == before)
    }

    /// The dialer found its lanes dead; here they still look alive.
    @Test func lanesOfTheFormerEpochAreClosedAtTheListener() throws {
        let agreed = try agree(lanes: 1).listener
        var t = try open(agreed)
        let next = try agree(epoch: 2, set: .high, lanes: 1).listener
        #expect(t.session.recovered(next, now: second) == [.close(agreed.lane(0), .timedOut)])
        #expect(t.failed(agreed.lane(0), second) == [])
        #expect(t.session.counters.lanesLost == 0 && !t.session.isOpen)
    }

    /// The listener gave the epoch up a moment before the dialer got through.
    @Test func theListenerStillAdmitsWhileItWaits() throws {
        let agreed = try agree(lanes: 1).listener
        var t = try open(agreed)
        _ = t.failed(agreed.lane(0), 0)
        #expect(t.tick(5 * second) == [])
        try t.session.admit(agreed.lane(0, 2))
        #expect(t.up(agreed.lane(0, 2), 6 * second).last == .opened(epoch: 1))
        #expect(t.session.isOpen)
    }

    @Test func patienceEnds() throws {
        for agreed in [try agree(lanes: 1).dialer, try agree(lanes: 1).listener] {
            var t = try open(agreed, patience: 60 * second)
            _ = t.failed(agreed.lane(0), 10 * second)
            _ = t.tick(15 * second)
            for now in UInt64(16)..<70 { #expect(!t.tick(now * second).contains(.lost)) }
            #expect(t.tick(70 * second) == [.lost])
            #expect(t.session.isClosed && t.session.nextDeadline == nil)
        }
    }

    /// Negotiations succeed and no lane ever opens, as behind a firewall: that is one outage, not many.
    @Test func agreementsAloneDoNotRenewPatience() throws {
        let agreed = try agree(lanes: 1).dialer
        var t = try open(agreed, patience: 30 * second)
        _ = t.failed(agreed.lane(0), 0)
        #expect(t.tick(5 * second).first == .recover(epoch: 2, set: .high))
        _ = t.session.recovered(try agree(epoch: 2, set: .high, lanes: 1).dialer, now: 6 * second)
        #expect(t.tick(21 * second).first == .recover(epoch: 3, set: .standard))
        #expect(t.tick(30 * second) == [.lost])
    }

    @Test func withoutPatienceItTriesForEver() throws {
        let agreed = try agree(lanes: 1).dialer
        var t = try open(agreed)
        _ = t.failed(agreed.lane(0), 0)
        var attempts = 0
        for now in stride(from: 5 * second, to: 86_400 * second, by: Int(5 * second)) {
            attempts += t.tick(now).count
        }
        #expect(attempts > 8_000)
        #expect(t.session.nextDeadline != nil)
    }
}
