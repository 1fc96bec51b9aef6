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
        var limit = wait
        var isResumed = isResumed
        while true {
            let link = try await next(within: limit)
            report.nextSession()
            let (report, isAgain) = (report, isResumed)
            isResumed = true
            let session = PeerSession(node: node, link: link, purpose: purpose, registry: registry) { news in
                switch news {
                case .connected(let name):
                    report.event(.connected(peer: link.peer.nodeID, name: name, isResumed: isAgain))
                case .progress(let snapshot, let lanes): report.progress(snapshot, lanes: lanes)
                }
            }
            switch await session.run() {
            case .done: return
            case .failed(let error): throw error
            case .lost(let reason):
                try Task.checkCancellation()
                report.event(.lost(reason: reason))
                limit = patience
            }
        }
    }

    private func next(within seconds: Double) async throws -> PeerLink {
        do {
            return try await source.next(within: seconds)
        } catch let error as MeshError where error.code == .noPeer && seconds == patience && patience != wait {
            throw MeshError(.timedOut, "the other side did not come back in time: run both commands again to go on")
        }
    }
}
