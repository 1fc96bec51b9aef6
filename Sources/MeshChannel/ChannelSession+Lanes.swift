package import MeshWire

// What happens on the lanes: they open, fail, carry bytes, answer probes.
extension ChannelSession {
    /// Listener: a hello arrived. Admitted, this generation is taken, and no other hello can have it or an older one;
    /// `laneOpened` or `laneFailed` must follow.
    package mutating func admit(_ name: LaneName) throws(LaneRefusal) {
        guard isRunning, !isDialer else { throw .notListening }
        guard name.channel == agreed.channel else { throw .otherChannel }
        guard name.epoch == agreed.epoch else { throw .otherEpoch(name.epoch, current: agreed.epoch) }
        guard let index = slot(of: name) else { throw .unknownPrime(name.prime) }
        let latest = slots[index].highest
        guard name.generation > latest else { throw .staleGeneration(name.generation, latest: latest) }
        guard lanes.count < Self.lanesUp else { throw .tooMany(lanes.count) }
        slots[index].highest = name.generation
        slots[index].pending = name.generation
    }

    /// Both ends of the lane have proved themselves.
    package mutating func laneOpened(_ name: LaneName, now: UInt64) -> [Instruction] {
        guard isRunning, let index = slot(of: name), slots[index].pending == name.generation else {
            return [.close(name, .unknown)]
        }
        slots[index].pending = nil
        var instructions = dropDead()
        let isProof = name == scout || !instructions.isEmpty
        for old in lanes.indices where lanes[old].name.prime == name.prime && !lanes[old].isDraining {
            lanes[old].drainingSince = now
            counters.renewals += 1
            instructions.append(.drain(lanes[old].name))
        }
        lanes.append(LaneState(name: name, now: now))
        if lanes.count == 1 { lastTick = now }
        counters.lanesOpened += 1
        counters.generation = max(counters.generation, name.generation)
        lanelessSince = nil
        instructions.append(probe(lanes.count - 1, now: now))
        if phase == .recovering { phase = .opening }
        if isProof { instructions += dialMissing(now: now) }
        return instructions
    }

    /// The dial led to nothing, or the lane's connection is gone. `reason`: what the peer said, if anything.
    package mutating func laneFailed(
        _ name: LaneName, reason: FailureCode?, now: UInt64, using generator: inout some RandomNumberGenerator
    ) -> [Instruction] {
        guard isRunning else { return [] }
        if let index = lanes.firstIndex(where: { $0.name == name }) {
            return removeLane(at: index, now: now, using: &generator)
        }
        guard isWanted(name), let index = slot(of: name) else { return [] }
        slots[index].pending = nil
        guard isDialer else { return [] }
        counters.dialsFailed += 1
        // The listener lost what was agreed: no dial of this epoch can succeed any more. While the epoch is new, it may
        // just not have heard yet that its offer was accepted.
        if reason == .unknown, lanelessSince != nil {
            if phase == .open { return beginRecovery(forgotten: true, now: now) }
            if phase == .recovering { return [] }
        }
        return redial(index, now: now, using: &generator)
    }

    /// The peer gives the lane no new work (`ChannelTest.drain`).
    package mutating func peerDrains(_ name: LaneName, now: UInt64) -> [Instruction] {
        guard isRunning, let index = lanes.firstIndex(where: { $0.name == name }), !lanes[index].isDraining
        else { return [] }
        lanes[index].drainingSince = now
        noteLanes(now: now)
        guard isDialer, let slot = slot(of: name), slots[slot].pending == nil else { return [] }
        return dial(slot, at: now)
    }

    /// An echo came back. The first one of an epoch opens the channel.
    package mutating func echo(_ name: LaneName, number: UInt64, now: UInt64) -> [Instruction] {
        guard isRunning, let index = lanes.firstIndex(where: { $0.name == name }),
            lanes[index].health.echoed(number, now: now)
        else { return [] }
        latency = lanes[index].health.lastLatency
        if let slot = slot(of: name) { slots[slot].backoff.reset() }
        if !lanes[index].isDraining { outageSince = nil }
        guard phase == .opening else { return [] }
        phase = .open
        recoveryBackoff.reset()
        return [.opened(epoch: agreed.epoch)]
    }

    /// Bytes of any kind arrived on the lane; may be said once for many.
    package mutating func heard(_ name: LaneName, bytes: Int, now: UInt64) {
        guard let index = lanes.firstIndex(where: { $0.name == name }) else { return }
        lanes[index].bytes += UInt64(bytes)
        lanes[index].health.heard(now: now)
    }

    /// The socket took a buffer of `bytes` that was handed to it at `start`.
    package mutating func frameWritten(_ name: LaneName, bytes: Int, start: UInt64, now: UInt64) {
        guard let index = lanes.firstIndex(where: { $0.name == name }) else { return }
        lanes[index].bytes += UInt64(bytes)
        lanes[index].health.wrote(bytes, start: start, now: now)
    }

    /// Chunk bytes of all lanes together, both directions, over an interval in which the channel was busy. The dialer
    /// adds a lane while that helps, and only once all wanted ones are up.
    package mutating func throughput(_ bytes: UInt64, over interval: UInt64, now: UInt64) -> [Instruction] {
        let working = lanes.count { !$0.isDraining }
        guard isDialer, phase == .open, working == growth.lanes, growth.measured(bytes, over: interval)
        else { return [] }
        return dial(growth.lanes - 1, at: now)
    }

    mutating func probe(_ index: Int, now: UInt64) -> Instruction {
        let number = nextProbeNumber
        nextProbeNumber += 1
        lanes[index].health.probed(number, now: now)
        lanes[index].nextProbe = now + PrimeSet.probePeriod(lanes[index].name.prime)
        return .probe(lanes[index].name, number: number)
    }

    /// The lane is gone. Unless it was draining, it counts as lost and the dialer dials its successor.
    mutating func removeLane(
        at index: Int, now: UInt64, using generator: inout some RandomNumberGenerator
    ) -> [Instruction] {
        let lane = lanes.remove(at: index)
        guard !lane.isDraining else { return [] }
        counters.lanesLost += 1
        noteLanes(now: now)
        guard let slot = slot(of: lane.name), slots[slot].pending == nil else { return [] }
        return redial(slot, now: now, using: &generator)
    }

    mutating func redial(
        _ slot: Int, now: UInt64, using generator: inout some RandomNumberGenerator
    ) -> [Instruction] {
        guard isDialer else { return [] }
        let pause = slots[slot].backoff.next(using: &generator)
        let wasScout = scout.map { self.slot(of: $0) == slot } ?? false
        if wasScout, needsScout { return sendScout(slot, at: now + min(pause, Self.scoutPause)) }
        if wasScout {
            scout = nil
            // The slot's own lane is answered again: there is nothing to replace.
            if lanes.contains(where: { self.slot(of: $0.name) == slot && !$0.isDraining }) { return [] }
        }
        return phase == .recovering ? [] : dial(slot, at: now + pause)
    }

    mutating func dial(_ slot: Int, at time: UInt64) -> [Instruction] {
        // 2^32 dials of one lane, at ten a second, take 13 years; then recovery begins new generations.
        guard slots[slot].highest < .max else { return [] }
        slots[slot].highest += 1
        slots[slot].pending = slots[slot].highest
        let name = LaneName(
            channel: agreed.channel, epoch: agreed.epoch, prime: slots[slot].prime, generation: slots[slot].highest)
        return [.dial(name, at: time)]
    }

    /// Notes when the last lane that takes work went.
    private mutating func noteLanes(now: UInt64) {
        guard lanes.allSatisfy(\.isDraining) else { return }
        lanelessSince = lanelessSince ?? now
        outageSince = outageSince ?? now
    }
}
