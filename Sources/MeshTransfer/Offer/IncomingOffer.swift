package import MeshWire

/// From an offer to its answer: the journal is asked, then, for a new transfer, a person, once the first page tells what it is
/// about. Messages that arrive meanwhile are held.
///
/// ```
///  offered → (journal) → fresh → first page → ask → yes → create → accept
///                      ↘ known                    ↘ no → decline
/// ```
/// A receiver has one for each channel, from the channel's begin to the answer. It owns what was offered and the messages held;
/// whoever talks over the link tells it what arrives, and does what ``next()`` says after each event.
package struct IncomingOffer: Sendable {
    /// What is known here of an offered transfer.
    package enum Standing: Hashable, Sendable {
        /// Never heard of: to be decided on.
        case fresh
        /// Accepted before, or just now.
        case known
        case refused(FailureCode)
    }

    package enum Step: Hashable, Sendable {
        case none
        /// A person or a rule decides. `names`: the topmost ones of the first page, at most 16.
        case ask(names: [String])
        /// The transfer is to be written down; its standing is told then.
        case create
        case accept
        case decline(FailureCode)
    }

    private enum State: Hashable {
        case waiting
        case looking
        case fresh
        case asking
        case creating
        case known
        case refused(FailureCode)
        case settled
    }

    /// Four pages, an end, and as many again: what a sender may send before it is answered.
    private static let heldLimit = 10
    /// Repetitions that are passed over: five for each of fifty leads that are lost while a person thinks.
    private static let repeatLimit = 250

    private var state = State.waiting
    package private(set) var transfer: TransferID?
    package private(set) var sums: TransferSums?
    package private(set) var isCounting = false
    package private(set) var isPiped = false
    private var held: [DataMessage] = []
    private var repeats = 0
    /// The topmost names of the first page.
    private var names: [String] = []
    /// Entries of the pages held without a gap from the first: these need not come again.
    package private(set) var heldEntries: UInt64 = 0

    package init() {}

    /// False for a second offer on one link.
    package mutating func offered(_ id: TransferID, _ sums: TransferSums, counting: Bool, piped: Bool) -> Bool {
        guard state == .waiting else { return false }
        transfer = id
        self.sums = sums
        isCounting = counting
        isPiped = piped
        state = .looking
        return true
    }

    package mutating func looked(_ standing: Standing) {
        switch standing {
        case .fresh: state = .fresh
        case .known: state = .known
        case .refused(let code): state = .refused(code)
        }
    }

    package mutating func decided(_ yes: Bool) {
        guard state == .asking else { return }
        state = yes ? .creating : .refused(.declined)
    }

    /// A message that came before the transfer was accepted. Throws where it has no business there.
    package mutating func hold(_ message: DataMessage) throws(WireError) {
        guard held.count < Self.heldLimit else { throw .invalid("number of messages before its transfer was accepted") }
        switch message {
        case .manifestPage(let first, let count, let rawLength, let deflated):
            // Before anybody is asked: nobody should have to decide on a manifest that nobody may accept.
            if first == 0, held.isEmpty {
                names = Self.names(
                    in: try ManifestPage.decode(count: count, rawLength: rawLength, deflated: deflated))
            }
            // With each lead lane that is lost the sender says the same pages again, however long a person thinks.
            guard first >= heldEntries || held.isEmpty else { return try repeated() }
            if first == heldEntries { heldEntries += UInt64(count) }
        case .manifestEnd(let entries, let chunks):
            let isKnown = held.contains {
                if case .manifestEnd(entries, chunks) = $0 { true } else { false }
            }
            guard !isKnown else { return try repeated() }
        // Asked for once its file is planned.
        case .length: return
        default: throw .invalid("message before its transfer was accepted")
        }
        held.append(message)
    }

    private mutating func repeated() throws(WireError) {
        repeats += 1
        guard repeats <= Self.repeatLimit else { throw .invalid("number of messages before its transfer was accepted") }
    }

    package mutating func takeHeld() -> [DataMessage] {
        defer { held = [] }
        return held
    }

    /// What is to be done now; each step is said once.
    package mutating func next() -> Step {
        switch state {
        case .fresh:
            guard !held.isEmpty else { return .none }
            state = .asking
            return .ask(names: names)
        case .creating:
            state = .looking
            return .create
        case .known:
            state = .settled
            return .accept
        case .refused(let code):
            state = .settled
            return .decline(code)
        case .waiting, .looking, .asking, .settled: return .none
        }
    }

    /// What the manifest must be, unless the sender still counts.
    package func promise(known: ManifestTotals) -> ManifestPromise? {
        isCounting ? nil : sums.map { ManifestPromise($0, known: known) }
    }

    private static func names(in entries: [ManifestEntry]) -> [String] {
        entries.filter { isOffered($0.kind) && !$0.path.contains(UInt8(ascii: "/")) }.prefix(16)
            .map { EntryPath.escaped($0.path) + ($0.kind == .folder ? "/" : "") }
    }

    private static func isOffered(_ kind: EntryKind) -> Bool {
        switch kind {
        case .file, .folder, .link: true
        case .withdrawal, .omission: false
        }
    }
}
