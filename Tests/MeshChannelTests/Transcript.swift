import MeshWire
import Testing

@testable import MeshChannel

/// One session with its chance, so that transcripts are one-liners.
struct Transcript {
    var session: ChannelSession
    var chance = Seeded(state: 7)

    init(_ agreed: AgreedChannel, patience: UInt64? = nil) {
        session = ChannelSession(agreed, patience: patience)
    }

    mutating func tick(_ now: UInt64) -> [ChannelSession.Instruction] { session.tick(now: now, using: &chance) }

    mutating func failed(_ name: LaneName, _ now: UInt64, _ reason: FailureCode? = nil) -> [ChannelSession.Instruction]
    {
        session.laneFailed(name, reason: reason, now: now, using: &chance)
    }

    /// Opens a lane and answers its first probe.
    mutating func up(_ name: LaneName, _ now: UInt64) -> [ChannelSession.Instruction] {
        let opened = session.laneOpened(name, now: now)
        return opened + opened.flatMap { answer($0, now + ms) }
    }

    /// The peer's echo, where the instruction was to probe.
    mutating func answer(_ instruction: ChannelSession.Instruction, _ now: UInt64) -> [ChannelSession.Instruction] {
        guard case .probe(let name, let number) = instruction else { return [] }
        return session.echo(name, number: number, now: now)
    }

    /// Lets time pass with a peer that answers all probes but those of `silent`, whose bytes TCP sent again `repeats` times
    /// by then; whatever else came up.
    mutating func pass(
        from start: UInt64, to end: UInt64, silent: Set<LaneName> = [], repeats: Int = 0
    ) -> [ChannelSession.Instruction] {
        var seen: [ChannelSession.Instruction] = []
        for now in stride(from: start, through: end, by: Int(500 * ms)) {
            for instruction in tick(now) {
                switch instruction {
                case .probe(let name, _): if !silent.contains(name) { seen += answer(instruction, now + ms) }
                case .examine(let name): seen += session.repeated(name, count: repeats, now: now + ms)
                default: seen.append(instruction)
                }
            }
        }
        return seen
    }
}

/// The lane and the time of the one dial among the instructions.
func dial(_ instructions: [ChannelSession.Instruction]) throws -> (name: LaneName, at: UInt64) {
    let dials = instructions.compactMap { instruction -> (LaneName, UInt64)? in
        if case .dial(let name, let time) = instruction { (name, time) } else { nil }
    }
    try #require(dials.count == 1)
    return dials[0]
}
