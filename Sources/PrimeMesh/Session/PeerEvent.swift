import MeshTransfer
import MeshTransport
import MeshWire

/// Everything that can happen while a node talks with one peer: one queue, one reader, one order.
enum PeerEvent: Sendable {
    case control(ControlFrame)
    case controlEnded(MeshError)
    case laneUp(Lane)
    case laneDown(LaneName, FailureCode?)
    case lane(LaneName, LaneEvent)
    /// Dialer: the secret that the listener drew is in the journal.
    case pinKept
    case tick
    case send(SendEvent)
    case receive(ReceiveEvent)
    /// What is known here of an offered transfer.
    case offer(OfferStanding)
    /// A person's answer to an offer.
    case decided(Bool)
    /// A job of the pool or the journal failed: the transfer ends, resumable.
    case failed(MeshError, FailureCode)
    /// A person or the program wants to stop.
    case stop
}

/// Answers to `SendSession`'s instructions.
enum SendEvent: Sendable {
    case manifestGrew(ManifestTotals, isComplete: Bool)
    case page(DataMessage, end: UInt64)
    case loaded([SourceEntry], holding: UInt64)
    case encoded(UInt64, EncodedBatch, failed: [(entry: SourceEntry, error: DiskError)])
    case sealsChecked(unchanged: [SourceEntry], changed: [SourceEntry])
    case receiptChecked(Digest?, Receipt?)
    case kept
}

/// Answers to `ReceiveSession`'s instructions.
enum ReceiveEvent: Sendable {
    case pageDecoded(first: UInt64, Result<[ManifestEntry], WireError>)
    case pageKept(withdrawn: [UInt64])
    case planned([PlannedEntry], next: UInt64)
    case stored([ReceiveSession.Stored], released: [LaneName: Int])
    case partsMade([UInt64: PartIdentity])
    case committed
    case finished([EndedEntry])
    case diskFailed(DiskError)
    case completed(Receipt, skipped: NumberSet, message: DataMessage)
}

/// How the talk with one peer ended.
enum PeerOutcome: Sendable {
    case done
    /// The connection is gone; the transfer goes on with the next one.
    case lost(String)
    case failed(MeshError)
}

extension PeerOutcome {
    /// For the journal.
    var word: String {
        switch self {
        case .done: "done"
        case .lost: "lost"
        case .failed: "failed"
        }
    }
}
