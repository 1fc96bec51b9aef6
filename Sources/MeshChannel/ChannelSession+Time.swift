import MeshWire

// What time alone brings about: probes, verdicts, renewal, recovery.
extension ChannelSession {
    /// Due at ``nextDeadline``, and harmless at any other time.
    package mutating func tick(
        now: UInt64, using generator: inout some RandomNumberGenerator
    ) -> [Instruction] {
        guard isRunning else { return [] }
        lastTick = now
        var instructions = closeBadLanes(now: now, using: &generator)
        for index in lanes.indices where now >= lanes[index].nextProbe { instructions.append(probe(index, now: now)) }
        instructions += renewLanes(now: now) + examinations
        switch phase {
        case .opening, .open:
            if let since = lanelessSince, now >= since + grace { instructions += beginRecovery(now: now) }
        case .recovering: instructions += continueRecovery(now: now)
        case .idle, .closed: break
        }
        return instructions
    }

    /// The channel was negotiated anew, at whichever end's wish. What is left of the former epoch is closed: the peer
    /// has given it up, even where it still looks alive from here.
    package mutating func recovered(_ next: AgreedChannel, now: UInt64) -> [Instruction] {
        guard isRunning, next.channel == agreed.channel, next.role == agreed.role, next.epoch > agreed.epoch
        else { return [] }
        let closing = lanes.map { Instruction.close($0.name, .timedOut) }
        lanes = []
        agreed = next
        slots = Self.slots(of: next)
        growth = LaneGrowth(lanes: next.lanes)
        scout = nil
        offeredEpoch = max(offeredEpoch, next.epoch)
        offeredSet = next.set
        counters.epoch = next.epoch
        counters.generation = 0
        counters.recoveries += 1
        outageSince = outageSince ?? now
        return closing + beginEpoch(now: now)
    }

    /// The negotiation that `.recover` asked for led to nothing: it is asked for again after a while.
    package mutating func recoveryFailed(now: UInt64, using generator: inout some RandomNumberGenerator) {
        guard phase == .recovering, isDialer else { return }
        recoverAgainAt = now + recoveryBackoff.next(using: &generator)
    }

    /// Nothing is up yet; the dialer dials.
    mutating func beginEpoch(now: UInt64) -> [Instruction] {
        phase = .opening
        lanelessSince = now
        recoverAgainAt = nil
        lastTick = now
        guard isDialer else { return [] }
        return (0..<growth.lanes).flatMap { dial($0, at: now) }
    }

    /// No lane is left. Dials under way are void; the dialer asks for the next epoch over the control link, which may be
    /// as dead, and dials one lane of the present epoch all the while, unless the peer has `forgotten` it. The listener
    /// waits for the offer, and admits lanes of both.
    mutating func beginRecovery(forgotten: Bool = false, now: UInt64) -> [Instruction] {
        phase = .recovering
        guard isDialer else { return [] }
        for index in slots.indices { slots[index].pending = nil }
        scout = nil
        return askForRecovery(now: now) + (forgotten ? [] : sendScout(0, at: now))
    }

    private mutating func continueRecovery(now: UInt64) -> [Instruction] {
        if let patience, let since = outageSince, now >= since + patience {
            return close(.timedOut) + [.lost]
        }
        guard let again = recoverAgainAt, now >= again else { return [] }
        return askForRecovery(now: now)
    }

    /// Each attempt takes an epoch of its own, since the peer may have accepted the last one without our hearing of it,
    /// and the set that was not tried last.
    private mutating func askForRecovery(now: UInt64) -> [Instruction] {
        guard offeredEpoch < .max else { return close(.timedOut) + [.lost] }
        offeredEpoch += 1
        offeredSet = offeredSet.other
        recoverAgainAt = now + Self.answerTime
        return [.recover(epoch: offeredEpoch, set: offeredSet)]
    }

    /// Lanes that are ill or have drained for too long.
    private mutating func closeBadLanes(
        now: UInt64, using generator: inout some RandomNumberGenerator
    ) -> [Instruction] {
        var instructions: [Instruction] = []
        for index in lanes.indices.reversed() {
            lanes[index].health.tick(now: now)
            let drained = lanes[index].drainingSince.map { now >= $0 + Self.drainGrace } ?? false
            guard drained || lanes[index].health.verdict == .replace else { continue }
            instructions.append(.close(lanes[index].name, .timedOut))
            instructions += removeLane(at: index, now: now, using: &generator)
        }
        return instructions
    }

    /// Dials the successors of lanes that are due; each drains when its successor is up.
    private mutating func renewLanes(now: UInt64) -> [Instruction] {
        guard isDialer else { return [] }
        var instructions: [Instruction] = []
        for lane in lanes where lane.needsRenewal(now: now) {
            guard let slot = slot(of: lane.name), slots[slot].pending == nil else { continue }
            instructions += dial(slot, at: now)
        }
        return instructions
    }
}
