package import MeshWire

// A network that was gone comes back, and TCP does not know: it tries again after twice as long a pause each time. So one
// lane is dialed beside those that are dead, again and again; once it is up, there is a path, and the dead ones go.
extension ChannelSession {
    /// The answer to `examine`.
    package mutating func repeated(_ name: LaneName, count: Int, now: UInt64) -> [Instruction] {
        guard isRunning, let index = lanes.firstIndex(where: { $0.name == name }) else { return [] }
        lanes[index].health.repeated(count)
        guard isDialer, lanes[index].health.isDead, !lanes[index].isDraining, !isScouting,
            let slot = slot(of: name), slots[slot].pending == nil
        else { return [] }
        return sendScout(slot, at: now)
    }

    /// One at a time, whatever the number of dead lanes.
    private var isScouting: Bool { scout.map(isWanted) ?? false }

    /// No lane works, or one is dead. Lanes may come back by themselves while no new connection can be made.
    var needsScout: Bool {
        phase == .recovering || lanes.allSatisfy(\.isDraining) || lanes.contains(where: \.health.isDead)
    }

    mutating func sendScout(_ slot: Int, at time: UInt64) -> [Instruction] {
        let instructions = dial(slot, at: time)
        if case .dial(let name, _)? = instructions.first { scout = name }
        return instructions
    }

    /// A lane came up: those on which nobody answers since before are no use to anybody. Their work is given again.
    mutating func dropDead() -> [Instruction] {
        let dead = lanes.filter(\.health.isDead)
        lanes.removeAll(where: \.health.isDead)
        counters.lanesLost += UInt64(dead.count { !$0.isDraining })
        return dead.map { .close($0.name, .timedOut) }
    }

    /// There is a path: all lanes that are missing are dialed at once, whatever they waited for.
    mutating func dialMissing(now: UInt64) -> [Instruction] {
        scout = nil
        guard isDialer else { return [] }
        let up = Set(lanes.lazy.filter { !$0.isDraining }.map(\.name.prime))
        return slots.indices.prefix(growth.lanes).filter { !up.contains(slots[$0].prime) }.flatMap { slot in
            slots[slot].backoff.reset()
            return dial(slot, at: now)
        }
    }

    /// Lanes of which the system may know more than we do.
    var examinations: [Instruction] {
        lanes.filter { !$0.isDraining && $0.health.isWaiting }.map { .examine($0.name) }
    }
}
