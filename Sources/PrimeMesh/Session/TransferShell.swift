import MeshTransfer
import MeshTransport
import MeshWire

/// Carries out what a transfer's driver says, over lanes, control link, pool and journal. Lives inside one `PeerSession`,
/// which calls it from one place at a time.
protocol TransferShell: AnyObject {
    /// The channel is open and both ends have said so: the transfer may begin. Once for a session; after a recovery its lanes say
    /// by ``laneUp(_:)`` that it goes on.
    func channelOpened()
    /// Another link has taken a lost one's place: what that may have lost is said again.
    func relinked()
    func control(_ message: TransferControl)
    func laneUp(_ name: LaneName)
    func laneRoom(_ name: LaneName)
    /// The lane takes no new work.
    func laneDrains(_ name: LaneName)
    func laneLost(_ name: LaneName, wasLead: Bool)
    func frames(_ frames: [InboundFrame], on lane: LaneName)
    func handle(_ event: ShellEvent)
    func tick()
    /// A job of this end failed. `code`: what the peer is told of it.
    func failed(_ error: any Error, as code: FailureCode)
    /// The control link is gone, or the peer said that it leaves.
    func left()
    /// The transfer that the journal has by now.
    var transfer: TransferID? { get }
    /// A transfer was accepted: whoever is at the other end is the peer that was waited for.
    var isUnderWay: Bool { get }
    /// Set once the transfer has ended, either way; the session then closes.
    var end: TransferEnd? { get }
    /// The end in words for a person; nil where the transfer is done.
    var reason: MeshError? { get }
    /// What the peer is told where this process is stopped.
    var interruption: FailureCode { get }
    /// The transfer is done here and kept in the journal; what the other side says of it changes nothing.
    var isReceiptStored: Bool { get }
    var progress: TransferSnapshot { get }
    /// What is to be undone when the session has ended, beside the session.
    var closing: @Sendable () async -> Void { get }
}

extension TransferShell {
    var outcome: PeerOutcome? {
        guard end != nil else { return nil }
        return reason.map(PeerOutcome.failed) ?? .done
    }
}

extension MeshError {
    /// Nil where the transfer is done.
    init?(_ end: TransferEnd) {
        switch end {
        case .done: return nil
        case .told(let code), .failed(let code, nil): self.init(code)
        case .failed(_, let error?): self.init(error)
        case .breach(let error): self.init(error)
        }
    }
}

/// Numbers of a running transfer, for progress.
struct TransferSnapshot: Sendable {
    var bytes: UInt64 = 0
    var totals = ManifestTotals()
    var isCounting = false
    var files: UInt64 = 0
    var counters = TransferCounters()
    var receipt: Receipt?
    /// All that was read of a pipe has moved, and it brings nothing at present: no byte is due.
    var waitsForInput = false
}
