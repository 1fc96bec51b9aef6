import MeshControl
import MeshTransfer
import MeshTrust
import MeshWire

/// Meeting after meeting, session after session, until a transfer has ended or patience has.
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
    /// By this peers know a later link for one of this run.
    private let instance: InstanceID

    /// Between a link that led to nothing and the next: whoever closes at once must not be asked at once.
    private static let pause = Duration.milliseconds(500)

    init(
        node: NodeContext, source: LinkSource, registry: ChannelRegistry, report: TransferReport, wait: Double,
        patience: Double, isResumed: Bool
    ) {
        self.node = node
        self.source = source
        self.registry = registry
        self.report = report
        self.wait = wait
        self.patience = patience
        self.isResumed = isResumed
        instance = InstanceID(node.identifier())
    }

    func run(_ purpose: PeerSession.Purpose) async throws {
        report.event(.waiting)
        var patience = MeetingPatience(first: wait, again: patience, now: NodeClock.monotonic)
        var isResumed = isResumed
        var spare = SessionLinks.Spare()
        defer { spare.close() }
        while true {
            var reason = ""
            var hadTransfer = false
            do {
                let meeting = try await meet(patience, &spare)
                report.nextSession()
                let session = session(meeting, purpose, isResumed: isResumed)
                let outcome: PeerOutcome
                (outcome, spare) = await links.run(session, spare)
                hadTransfer = await session.hasTransfer
                isResumed = isResumed || hadTransfer
                switch outcome {
                case .done: return
                case .failed(let error): throw error
                case .lost(let why): reason = why
                }
                try Task.checkCancellation()
                report.event(.lost(reason: reason))
            } catch let loss as PeerConversation.LinkLoss {
                reason = loss.reason
                // In a mesh, whoever looks a name up connects and says nothing: nobody was there to be lost.
                if source.isCode { report.event(.lost(reason: reason)) }
                try await Task.sleep(for: Self.pause)
            }
            patience.linkEnded(hadTransfer: hadTransfer, now: NodeClock.monotonic)
            if patience.isOver(now: NodeClock.monotonic) { throw Self.over(reason, patience) }
        }
    }

    private var links: SessionLinks { SessionLinks(node: node, instance: instance, source: source) }

    /// The next peer, introduced. One that came while another session was under way is first.
    private func meet(
        _ patience: MeetingPatience, _ spare: inout SessionLinks.Spare
    ) async throws -> SessionLinks.Meeting {
        if !spare.meetings.isEmpty { return spare.meetings.removeFirst() }
        let link: PeerLink
        if spare.links.isEmpty { link = try await next(patience) } else { link = spare.links.removeFirst() }
        return try await links.introduce(link)
    }

    private func session(
        _ meeting: SessionLinks.Meeting, _ purpose: PeerSession.Purpose, isResumed: Bool
    ) -> PeerSession {
        let peer = meeting.conversation.link.peer.nodeID
        return PeerSession(
            node: node, conversation: meeting.conversation, introduced: meeting.introduced, purpose: purpose,
            registry: registry
        ) { [report] news in
            switch news {
            case .connected(let name): report.event(.connected(peer: peer, name: name, isResumed: isResumed))
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
