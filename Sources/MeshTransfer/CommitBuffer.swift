import MeshWire

/// Gathers what the next transaction makes permanent: every 16 MiB or 100 ms, or at once when nothing else is coming.
package struct CommitBuffer: Hashable, Sendable {
    private static let bytesDue: UInt64 = 16 * 1024 * 1024
    private static let recordsDue = 4_096
    /// 100 ms in nanoseconds.
    private static let interval: UInt64 = 100_000_000

    private(set) var group = CommitGroup()
    private var since: UInt64?
    /// One transaction at a time; what comes meanwhile goes into the next.
    private(set) var isCommitting = false

    package init() {}

    mutating func add(now: UInt64, _ change: (inout CommitGroup) -> Void) {
        change(&group)
        if since == nil { since = now }
    }

    /// When the group is due at the latest, or nil where there is nothing to commit or a commit is under way.
    var deadline: UInt64? { isCommitting ? nil : since.map { $0 + Self.interval } }

    /// The group, if it is due; then `committed` must follow.
    mutating func take(now: UInt64, isIdle: Bool) -> CommitGroup? {
        guard !isCommitting, let since else { return nil }
        let records = group.chunks.count + group.ended.count
        guard isIdle || group.bytes >= Self.bytesDue || records >= Self.recordsDue || now >= since + Self.interval
        else { return nil }
        defer {
            group = CommitGroup()
            self.since = nil
            isCommitting = true
        }
        return group
    }

    mutating func committed() { isCommitting = false }
}
