import MeshDisk
import MeshJournal
import MeshTransfer
import MeshWire

/// A hidden file that a transfer left, and whether it may go.
public struct LeftPart: Sendable, Hashable {
    /// Whose it is.
    public enum Owner: String, Sendable, Hashable {
        /// A receiver works in its folder.
        case running
        /// A transfer that goes on where it was.
        case unfinished
        /// A transfer that ended or was forgotten here.
        case over
        /// No transfer that this journal knows.
        case unknown
    }

    /// Escaped for output.
    public var path: String
    /// Bytes on the disk.
    public var size: UInt64
    /// The beginning of the transfer's name.
    public var transfer: String
    public var owner: Owner
    let found: FoundPart
}

extension MeshNode {
    /// Hidden parts below these folders; without any, below all into which something was received.
    public func leftParts(in folders: [[UInt8]]) async throws(MeshError) -> [LeftPart] {
        try await MeshError.catching {
            let given = try folders.map(AbsolutePath.here)
            let roots = given.isEmpty ? try await context.journal.destinations() : given
            let found = try await context.blocking { Set(roots.flatMap { PartSearch.parts(below: $0) }) }
            var parts: [LeftPart] = []
            for part in found.sorted(by: { $0.path.lexicographicallyPrecedes($1.path) }) {
                parts.append(
                    LeftPart(
                        path: EntryPath.escaped(part.path), size: part.allocated, transfer: part.transfer,
                        owner: try await owner(of: part), found: part))
            }
            return parts
        }
    }

    /// Removes a part; false where a receiver began to work in its folder meanwhile.
    public func remove(_ part: LeftPart) async throws(MeshError) -> Bool {
        try await MeshError.catching {
            // A transfer may have been taken up again since it was looked for.
            guard try await owner(of: part.found) == part.owner else { return false }
            return try await context.blocking { try PartSearch.remove(part.found) }
        }
    }

    private func owner(of part: FoundPart) async throws -> LeftPart.Owner {
        if part.isHeld { return .running }
        if let known = try await context.journal.findTransfers(beginning: part.transfer, limit: 1).first {
            switch known.state {
            case .done, .partial, .cancelled: return .over
            case .active, .paused, .failed: return .unfinished
            }
        }
        return try await context.journal.wasForgotten(part.transfer) ? .over : .unknown
    }
}
