import MeshWire

/// Room that a transfer takes at its destination, in bytes: of what is written, not of what is offered.
package struct RoomNeeded: Hashable, Sendable {
    /// What stays.
    private var lasting: UInt64 = 0
    /// What is written beside a file that it replaces or turns out to be: gone as soon as that is done.
    private var passing: UInt64 = 0

    package init() {}

    /// Counts a file in that is still to come, `there` being what has its name. What was begun has its room already.
    package mutating func add(_ entry: ReceivedEntry, over there: ExistingFile?, rule: ConflictRule) {
        let manifest = entry.manifest
        guard manifest.kind == .file, entry.state.isUnderWay, entry.part == nil else { return }
        let room = min(manifest.allocated, manifest.size &+ 1 << 20)
        guard let there, there.kind == .file else {
            lasting = Self.sum(lasting, room)
            return
        }
        guard rule.reasonToKeep(there, over: manifest) == nil else { return }
        let isTwin =
            there.size == manifest.size
            && (there.seconds, there.nanoseconds) == (manifest.seconds, manifest.nanoseconds)
        switch rule {
        case .rename where !isTwin: lasting = Self.sum(lasting, room)
        case .rename, .skip: passing = max(passing, room)
        case .overwrite, .newer:
            lasting = Self.sum(lasting, room - min(room, there.size))
            passing = max(passing, room)
        }
    }

    package var bytes: UInt64 { Self.sum(lasting, passing) }

    private static func sum(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let (sum, isTooMuch) = one.addingReportingOverflow(other)
        return isTooMuch ? .max : sum
    }
}
