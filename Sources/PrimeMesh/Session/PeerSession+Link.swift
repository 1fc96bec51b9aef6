import MeshChannel
import MeshControl
import MeshWire

// The control link that a session speaks on: it comes, goes, and is replaced, while the channel stays.
extension PeerSession {
    /// What becomes of a link that came while this session works.
    enum Attachment {
        /// The session speaks on it from now on.
        case attached
        /// The peer has begun anew: this session ends, and the link is for the next one.
        case superseded
    }

    private static let unread = MeshError(
        .other, "the peer does not read what it is told on the control link, so it was disconnected: try again later")

    /// Another link to the peer of this session. The newer one stays: whoever dials knows best which of its links lives.
    func attach(_ conversation: PeerConversation, _ met: PeerConversation.Introduced) -> Attachment {
        guard met.instance == introduced.instance, outcome == nil, !ending.hasBegun, agreement?.isOpen == true else {
            desk.events.yield(.superseded)
            return .superseded
        }
        desk.events.yield(.linked(conversation))
        return .attached
    }

    func linked(_ new: PeerConversation) {
        guard outcome == nil else { return new.close() }
        let isFirst = agreement == nil
        conversation?.outbox.finish()
        conversation?.close()
        conversation = new
        link = new.link
        say.outbox = new.outbox
        deadlines = LinkDeadlines(now: NodeClock.monotonic)
        desk.asking { [events = desk.events] in await Self.follow(new, events) }
        desk.asking { await new.write() }
        guard !isFirst else { return agree() }
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
                    _ = events.yield(.failed(unread, .tooMany))
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
        conversation?.outbox.finish()
        conversation?.close()
        conversation = nil
        say.outbox = nil
        guard agreement?.isOpen == true, lanes.count > 0 else { return detach(error.message) }
        lost.yield()
    }

    /// Neither link nor lane is left: the next session goes on from the journals.
    func detach(_ reason: String) {
        guard outcome == nil else { return }
        shell?.left()
        outcome = shell?.outcome ?? .lost(reason)
    }
}
