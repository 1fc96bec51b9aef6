import MeshWire

/// Which manifest page is sent next: at most four pages ahead of what the receiver has in its journal, so that neither
/// side ever holds more of a manifest of millions of entries.
package struct ManifestFeed: Hashable, Sendable {
    private static let pagesAhead = 4

    /// What the sender does next.
    package enum Step: Hashable, Sendable {
        /// Read the entries from this number on, send them as one page, then say `pageSent`.
        case page(from: UInt64)
        /// Say that the manifest is whole.
        case end(entries: UInt64, chunks: UInt64)
        case none
    }

    /// The next entry to be sent.
    private var cursor: UInt64
    /// Entries before this one are in the receiver's journal.
    private var kept: UInt64
    /// Ends of the pages sent and not yet kept.
    private var ahead: [UInt64] = []
    private var totals = ManifestTotals()
    private var isComplete = false
    private var isEndSent = false
    /// Where the page begins that is being read.
    private var reading: UInt64?
    private var isOpen = false

    /// `from`: the entry the receiver asked to go on from.
    package init() {
        cursor = 0
        kept = 0
    }

    /// The receiver accepted (or lanes are up for the first page) and has the entries before `from`.
    package mutating func start(from: UInt64) {
        isOpen = true
        rewind(to: from)
    }

    /// More entries are in the sender's journal.
    package mutating func grew(to totals: ManifestTotals, isComplete: Bool) {
        self.totals = totals
        self.isComplete = isComplete
        isEndSent = false
    }

    package mutating func pageSent(end: UInt64) {
        defer { reading = nil }
        // A rewind while the page was read: what lies between must not be passed over. It is sent twice, which the
        // receiver notices and ignores.
        guard reading == cursor, end > cursor else { return }
        cursor = end
        ahead.append(end)
    }

    /// False where the peer claims entries that were not sent: it breaks the protocol.
    package mutating func kept(_ entries: UInt64) -> Bool {
        guard entries <= totals.entries else { return false }
        kept = max(kept, entries)
        ahead.removeAll { $0 <= kept }
        return true
    }

    /// The receiver misses a page, or the lane that carried messages is lost.
    package mutating func rewind(to entry: UInt64? = nil) {
        cursor = min(entry ?? kept, totals.entries)
        kept = min(kept, cursor)
        ahead.removeAll()
        isEndSent = false
    }

    package mutating func next() -> Step {
        guard isOpen, reading == nil else { return .none }
        if cursor < totals.entries {
            guard ahead.count < Self.pagesAhead else { return .none }
            reading = cursor
            return .page(from: cursor)
        }
        guard isComplete, !isEndSent else { return .none }
        isEndSent = true
        return .end(entries: totals.entries, chunks: totals.chunks)
    }
}
