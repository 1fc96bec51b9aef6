import MeshControl
import MeshTransfer
import MeshTrust
import MeshWire

/// Link after link, session after session, until a transfer has ended or patience has.
struct PeerLoop: Sendable {
    let node: NodeContext
    let source: LinkSource
    let registry: ChannelRegistry
    let report: TransferReport
    /// Seconds until the first peer must be there, and until a lost one must be back.
    let wait: Double
    let patience: Double
    /// The journal knew of the transfer before.
    let isResumed: Bool

    func run(_ purpose: PeerSession.Purpose) async throws {
        report.event(.waiting)
        var patience = MeetingPatience(first: wait, again: patience, now: NodeClock.monotonic)
        var isResumed = isResumed
        while true {
            let link = try await next(patience)
            report.nextSession()
            let session = session(link, purpose, isResumed: isResumed)
            let outcome = await session.run()
            let hadTransfer = await session.hasTransfer
            isResumed = isResumed || hadTransfer
            switch outcome {
            case .done: return
            case .failed(let error): throw error
            case .lost(let reason):
                try Task.checkCancellation()
                // In a mesh, whoever looks a name up connects and says nothing: nobody was there to be lost.
                if await session.isMet || link.isCode { report.event(.lost(reason: reason)) }
                patience.linkEnded(hadTransfer: hadTransfer, now: NodeClock.monotonic)
                if patience.isOver(now: NodeClock.monotonic) { throw Self.over(reason, patience) }
            }
        }
    }

    private func session(_ link: PeerLink, _ purpose: PeerSession.Purpose, isResumed: Bool) -> PeerSession {
        let report = report
        return PeerSession(node: node, link: link, purpose: purpose, registry: registry) { news in
            switch news {
            case .connected(let name):
                report.event(.connected(peer: link.peer.nodeID, name: name, isResumed: isResumed))
            case .progress(let snapshot, let lanes): report.progress(snapshot, lanes: lanes)
            }
        }
    }

    private func next(_ patience: MeetingPatience) async throws -> PeerLink {
        do {
            return try await source.next(by: patience.deadline)
        } catch let error as MeshError where error.code == .noPeer && patience.isReturn {
            throw Self.notBack
        }
    }

    private static let notBack = MeshError(
        .timedOut, "the other side did not come back in time: run both commands again to go on")

    /// Links came, and nothing of them, until the time was over.
    private static func over(_ reason: String, _ patience: MeetingPatience) -> MeshError {
        if patience.isReturn { return notBack }
        return MeshError(.noPeer, "\(reason): see what it shows or asks there, then run both commands again")
    }
}
