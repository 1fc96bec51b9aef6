package import MeshWire

/// The lanes that a transfer works on at one side, and the lead among them, which carries all messages of this side in their
/// order.
///
/// A message on a lane that is lost may not have arrived: whoever sends messages says again what matters once the lead
/// changed.
package struct LaneRoster: Hashable, Sendable {
    private var all: Set<LaneName> = []
    private var draining: Set<LaneName> = []
    package private(set) var lead: LaneName?

    package init() {}

    /// Lanes that take new work.
    package var names: Set<LaneName> { all.subtracting(draining) }
    package var count: Int { names.count }

    package mutating func add(_ name: LaneName) {
        all.insert(name)
        if lead == nil { lead = name }
    }

    package func contains(_ name: LaneName) -> Bool { all.contains(name) }
    package func isDraining(_ name: LaneName) -> Bool { draining.contains(name) }

    /// No new work goes to this lane, which is up; it keeps the lead, if it has it, until it is gone.
    package mutating func drain(_ name: LaneName) { draining.insert(name) }

    /// Answers whether it carried the messages.
    package mutating func remove(_ name: LaneName) -> Bool {
        all.remove(name)
        draining.remove(name)
        guard lead == name else { return false }
        lead = names.min { ($0.prime, $0.generation) < ($1.prime, $1.generation) }
        return true
    }
}
