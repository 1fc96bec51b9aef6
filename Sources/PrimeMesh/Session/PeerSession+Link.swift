import MeshChannel
import MeshControl
import MeshWire

// The control link that a session speaks on: it comes, goes, and is replaced, while the channel stays.
extension PeerSession {
    /// What becomes of a link that came while this session works.
    enum Attachment {
        /// The session speaks on it from now on.
        case attached
        /// It is another run of the peer, and the one of this session lives: the link waits for the next session.
        case waits
        /// The peer has begun anew: this session ends, and the link is for the next one.
        case superseded
    }

    static let unread = MeshError(
        .other, "the peer does not read what it is told on the control link, so it was disconnected: try again later")

    /// Another link to the peer of this session. The newer one stays: whoever dials knows best which of its links lives.
    func attach(_ conversation: PeerConversation, _ met: PeerConversation.Introduced) -> Attachment {
        let isSame = met.instance == introduced.instance
        if isSame, outcome == nil, !ending.hasBegun, agreement?.isOpen == true {
            queue.events.yield(.linked(conversation))
            return .attached
        }
        // One run of a node takes nothing from another.
        guard isSame || self.conversation == nil && lanes.count == 0 else { return .waits }
        queue.events.yield(.superseded)
        return .superseded
    }

    func linked(_ new: PeerConversation) {
        guard outcome == nil else { return new.close() }
        let isFirst = agreement == nil
        let now = NodeClock.monotonic
        say.fallSilent()
        conversation?.close()
        conversation = new
        link = new.link
        say.speak(through: new.outbox, now: now)
        queue.asking { [events = queue.events] in await Self.follow(new, events) }
        queue.asking { await new.write() }
        guard !isFirst else { return agree() }
        lossReason = nil
        deadlines.awaitsReady(now: now)
        follow(agreement?.relinked() ?? [])
        shell?.relinked()
    }

    /// Passes frames on until the link is gone.
    private static func follow(
        _ conversation: PeerConversation, _ events: AsyncStream<PeerEvent>.Continuation
    ) async {
        do {
            while let frame = try await conversation.next() {
                events.yield(.control(frame, on: conversation))
                await EventTurn.behind(events)
                guard await conversation.outbox.hasRoom() else {
                    events.yield(.unread(on: conversation))
                    return
                }
            }
            events.yield(
                .controlEnded(MeshError(.timedOut, "the other side closed the connection"), on: conversation))
        } catch {
            events.yield(.controlEnded(MeshError(error), on: conversation))
        }
    }

    /// The link is gone. Nothing happens to the lanes: while one lives they carry the transfer, and another link is sought.
    func linkEnded(_ error: MeshError) {
        guard outcome == nil else { return }
        say.fallSilent()
        conversation?.close()
        conversation = nil
        deadlines.recovers()
        guard agreement?.isOpen == true, lanes.count > 0 else { return detach(error.message) }
        lossReason = error.message
        lost.yield()
    }

    /// A link that is silent is dialed anew beside the old one, which may come back; one that stays silent is gone.
    func lookAtLink(now: UInt64) {
        switch say.tick(now: now) {
        case .suspect: lost.yield()
        case .dead: linkEnded(MeshError(.timedOut, "the other side was silent for half a minute"))
        case .alive, nil: break
        }
    }

    /// Neither link nor lane is left: the next session goes on from the journals.
    func detach(_ reason: String) {
        guard outcome == nil else { return }
        shell?.left()
        outcome = shell?.outcome ?? .lost(lossReason ?? reason)
    }
}
