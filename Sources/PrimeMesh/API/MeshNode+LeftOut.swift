import MeshJournal
import MeshTransfer
public import MeshWire

/// An entry of a transfer that does not stand at the destination as it was offered.
public struct LeftOutEntry: Sendable, Hashable {
    /// Its path in the transfer, escaped for output.
    public var path: String
    public var reason: SkipReason
}

extension MeshNode {
    /// Entries that are read at a time.
    private static let leftOutStep = 1_024

    /// Hands all such entries of a transfer to `report`, in their order, however many there are. `id`: the transfer's, or the
    /// beginning of it.
    public func leftOut(of id: String, report: @Sendable (LeftOutEntry) -> Void) async throws(MeshError) {
        try await MeshError.catching {
            let transfer = try await record(id).id
            var next: UInt64 = 0
            while true {
                let entries = try await context.journal.leftOut(of: transfer, from: next, limit: Self.leftOutStep)
                guard let last = entries.last else { return }
                for entry in entries {
                    report(LeftOutEntry(path: EntryPath.escaped(entry.path), reason: entry.reason))
                }
                next = last.number + 1
            }
        }
    }
}
