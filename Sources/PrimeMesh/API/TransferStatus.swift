import MeshJournal
import MeshTransfer

/// Where a transfer stands, as people and scripts are told.
public enum TransferStatus: String, Sendable, CaseIterable {
    /// A process works on it, or waits for the other side.
    case active
    /// Nobody works on it; a resume goes on.
    case interrupted
    case paused
    /// All there, verified, receipt exchanged.
    case done
    /// Done but for entries that are not there.
    case partial
    case failed
    /// The other side did not want it.
    case declined
    /// Nobody came while its code lived.
    case expired
    case cancelled

    /// States of the journal in which a transfer may stand so.
    var stored: Set<TransferState> {
        switch self {
        case .active, .interrupted, .declined, .expired: [.active]
        case .paused: [.paused]
        case .done: [.done]
        case .partial: [.partial]
        // A process that read a pipe is gone.
        case .failed: [.failed, .active]
        case .cancelled: [.cancelled]
        }
    }

    /// More than the stored state must be known.
    var isDerived: Bool { stored.contains(.active) }

    /// `isHeld`: a living process has the transfer's lock. `now`: nanoseconds since 1970.
    init(_ row: HistoryRow, isHeld: Bool, now: Int64) {
        switch row.record.state {
        case .paused: self = .paused
        case .done: self = .done
        case .partial: self = .partial
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        case .active:
            if isHeld {
                self = .active
            } else if row.isDeclined {
                self = .declined
            } else if row.record.isPiped {
                self = .failed
            } else {
                self = row.record.peer == nil && row.code?.isOver(at: now) == true ? .expired : .interrupted
            }
        }
    }
}

extension TransferRecord {
    /// It comes or goes through a pipe, with a process that alone can go on.
    var isPiped: Bool { roots.isEmpty }
}

extension CodeRecord {
    /// Nobody can come under it any more.
    func isOver(at now: Int64) -> Bool {
        switch state {
        case .expired, .burned: true
        case .unused: expires <= now
        case .pinned, .done: false
        }
    }
}
