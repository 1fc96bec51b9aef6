import MeshWire

/// How far a file that is passed on in order may be asked for: no further than so many bytes ahead of what is passed on, since
/// what comes before its turn is held in memory.
package struct OrderedPassage: Hashable, Sendable {
    /// Plain bytes, those of two chunks at least.
    private let ahead: UInt64
    /// Plain bytes that are passed on.
    private(set) var passed: UInt64
    /// Chunks below this number were asked for.
    private(set) var asked: UInt64 = 0

    package init(ahead: UInt64, passed: UInt64) {
        self.ahead = max(ahead, 2 * UInt64(Limits.chunk))
        self.passed = passed
    }

    /// So many bytes are passed on by now.
    mutating func pass(_ bytes: UInt64) { passed = max(passed, bytes) }

    func isThrough(_ plan: FilePlan) -> Bool { passed >= plan.size }

    /// The chunks that may be asked for now and were not; none until they are worth a message.
    mutating func next(_ plan: FilePlan) -> Range<UInt64>? {
        let size = UInt64(plan.chunkSize)
        let bound = min(plan.chunks.upperBound, plan.chunks.lowerBound + (passed + ahead) / size)
        let from = max(asked, plan.chunks.lowerBound)
        guard bound > from, bound == plan.chunks.upperBound || bound - from >= ahead / size / 4 else { return nil }
        asked = bound
        return from..<bound
    }
}
