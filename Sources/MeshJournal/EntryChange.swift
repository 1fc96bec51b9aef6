import GRDB
import MeshTransfer
import MeshWire

/// Everything a commit group says of one entry, so that its row is written once.
struct EntryChange {
    /// The furthest step it takes.
    var state = EntryState.open
    var part: PartIdentity?
    var finalName: [UInt8]?
    var origin: FolderOrigin?
    var reason: SkipReason?

    /// The group's changes in the order of their entries: rows that lie together are written together.
    static func all(of group: CommitGroup) throws -> [(number: UInt64, change: EntryChange)] {
        var changes: [UInt64: EntryChange] = [:]
        for (number, part) in group.parts { changes[number, default: EntryChange()].part = part }
        for (number, origin) in group.origins { changes[number, default: EntryChange()].origin = origin }
        for number in group.sealed { changes[number, default: EntryChange()].reach(.sealed) }
        for (number, part) in group.finishing {
            changes[number, default: EntryChange()].part = part
            changes[number, default: EntryChange()].reach(.finishing)
        }
        for ended in group.ended {
            guard ended.state == .finished || ended.state == .skipped else {
                throw JournalError.refused("the end of entry \(ended.number) as \(ended.state)")
            }
            changes[ended.number, default: EntryChange()].reach(ended.state)
            changes[ended.number, default: EntryChange()].finalName = ended.finalName
            changes[ended.number, default: EntryChange()].reason = ended.reason
        }
        return changes.sorted { $0.key < $1.key }.map { (number: $0.key, change: $0.value) }
    }

    private mutating func reach(_ step: EntryState) {
        if step.rawValue > state.rawValue { state = step }
    }

    /// An entry never goes back but by `reopen`: a seal that comes after a withdrawal changes nothing.
    static func update(_ db: Database) throws -> Query {
        try Query(
            db,
            """
            UPDATE entry SET state = max(state, ?3), part_device = coalesce(?4, part_device),
                part_inode = coalesce(?5, part_inode), part_born = coalesce(?6, part_born),
                final_name = coalesce(?7, final_name), folder_origin = coalesce(?8, folder_origin),
                reason = coalesce(?9, reason)
            WHERE transfer = ?1 AND number = ?2
            """)
    }

    func values(transfer: Int64, number: UInt64) -> [Value] {
        [
            .int(transfer), .bound(number), .int(Int64(state.rawValue)), .bits(part?.device), .bits(part?.inode),
            .optional(part?.born), .optional(finalName), .optional(origin?.journaled),
            .optional(reason.map { Int64($0.rawValue) }),
        ]
    }
}
