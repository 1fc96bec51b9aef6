import MeshDisk
import MeshTransfer
import MeshWire

/// What is known here of an offered transfer.
enum OfferStanding: Sendable {
    /// Never heard of: to be decided on.
    case fresh
    /// Accepted before, or just now.
    case accepted(AcceptedOffer)
    case refused(FailureCode, MeshError)
}

/// A transfer that was accepted, ready to run.
struct AcceptedOffer: Sendable {
    var record: TransferRecord
    var sink: any ChunkSink
    var isLocal: Bool
    var keepsInodes: Bool
    /// More was offered than there is room for: how much of it will be written is to be reckoned.
    var isRoomDoubtful: Bool
    var isResumed: Bool
}

/// From an offer to its answer: the journal is asked, then, for a new transfer, a person, once the first page tells what
/// it is about. Messages that arrive meanwhile are held.
///
/// ```
///  offered → (journal) → fresh → first page → ask → yes → create → accepted
///                      ↘ accepted                 ↘ no → declined
/// ```
struct OfferGate {
    enum Step {
        case none
        case ask(Offer)
        case create
        case accept(AcceptedOffer)
        case decline(TransferID, FailureCode, MeshError?)
    }

    private enum State {
        case waiting
        case looking
        case fresh
        case asking
        case creating
        case ready(AcceptedOffer)
        case refused(FailureCode, MeshError?)
        case settled
    }

    /// Four pages, an end, and as many again: what a sender may send before it is answered.
    private static let heldLimit = 10
    /// Repetitions that are passed over: five for each of fifty leads that are lost while a person thinks.
    private static let repeatLimit = 250

    private let sender: NodeID
    private let senderName: String
    private var state = State.waiting
    private(set) var transfer: TransferID?
    private(set) var sums: TransferSums?
    private var isCounting = false
    private(set) var isPiped = false
    private var held: [DataMessage] = []
    private var repeats = 0
    /// The topmost names of the first page.
    private var names: [String] = []
    /// Entries of the pages held without a gap from the first: these need not come again.
    private(set) var heldEntries: UInt64 = 0

    init(sender: NodeID, senderName: String) {
        self.sender = sender
        self.senderName = senderName
    }

    /// False for a second offer on one link.
    mutating func offered(_ id: TransferID, _ sums: TransferSums, counting: Bool, piped: Bool) -> Bool {
        guard case .waiting = state else { return false }
        transfer = id
        self.sums = sums
        isCounting = counting
        isPiped = piped
        state = .looking
        return true
    }

    mutating func looked(_ standing: OfferStanding) {
        switch standing {
        case .fresh: state = .fresh
        case .accepted(let accepted): state = .ready(accepted)
        case .refused(let code, let error): state = .refused(code, error)
        }
    }

    mutating func decided(_ yes: Bool) {
        guard case .asking = state else { return }
        state = yes ? .creating : .refused(.declined, nil)
    }

    mutating func hold(_ message: DataMessage) throws(WireError) {
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

    mutating func takeHeld() -> [DataMessage] {
        defer { held = [] }
        return held
    }

    mutating func next() -> Step {
        guard let transfer, let sums else { return .none }
        switch state {
        case .fresh:
            guard !held.isEmpty else { return .none }
            state = .asking
            return .ask(
                Offer(
                    transfer: transfer, sender: sender, senderName: senderName, names: names, files: sums.files,
                    bytes: sums.bytes, isCounting: isCounting, isPiped: isPiped))
        case .creating:
            state = .looking
            return .create
        case .ready(let accepted):
            state = .settled
            return .accept(accepted)
        case .refused(let code, let error):
            state = .settled
            return .decline(transfer, code, error)
        case .waiting, .looking, .asking, .settled: return .none
        }
    }

    /// What the manifest must be, unless the sender still counts.
    func promise(known: ManifestTotals) -> ManifestPromise? {
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
