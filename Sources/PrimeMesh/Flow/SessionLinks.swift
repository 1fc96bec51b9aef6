import MeshControl
import MeshTransport
import MeshTrust
import MeshWire

/// Finds a session the links it needs after its first: a dialer goes to the peer again once the link is gone, a listener
/// takes whatever comes meanwhile.
struct SessionLinks: Sendable {
    /// A peer whose first words were said.
    struct Meeting: Sendable {
        let conversation: PeerConversation
        let introduced: PeerConversation.Introduced
    }

    /// What came and is not this session's.
    struct Spare: Sendable {
        /// The peer began anew, and waits on this link.
        var meeting: Meeting?
        /// Links of others, in their order.
        var links: [PeerLink] = []

        func close() {
            meeting?.conversation.close()
            for link in links { link.control.close() }
        }
    }

    /// Links of others that may wait; the latest of more are closed, and come again.
    private static let limit = 16
    /// Between two attempts to find the peer again.
    private static let pause = Duration.seconds(1)

    let node: NodeContext
    let source: LinkSource

    private enum Event: Sendable {
        case ended(PeerOutcome)
        case links(Spare)
    }

    /// Runs the session to its end; answers what came meanwhile and waits for the next.
    func run(_ session: PeerSession, _ spare: Spare) async -> (PeerOutcome, Spare) {
        await withTaskGroup(of: Event.self) { group in
            group.addTask { .ended(await session.run()) }
            group.addTask { .links(await relink(session, spare)) }
            var (outcome, rest) = (PeerOutcome.lost("the session was ended"), spare)
            for await event in group {
                switch event {
                case .ended(let how):
                    outcome = how
                    group.cancelAll()
                case .links(let spare): rest = spare
                }
            }
            return (outcome, rest)
        }
    }

    /// The first words on a link. Throws as ``PeerConversation/introduce()``.
    static func introduce(_ link: PeerLink, _ node: NodeContext) async throws -> Meeting {
        let conversation = PeerConversation(node: node, link: link)
        return Meeting(conversation: conversation, introduced: try await conversation.introduce())
    }

    /// Until the session is over, or the peer has begun anew.
    private func relink(_ session: PeerSession, _ spare: Spare) async -> Spare {
        var spare = spare
        var losses = session.losses.makeAsyncIterator()
        while !Task.isCancelled {
            if source.isDialing, await losses.next() == nil { break }
            guard let link = await nextLink() else { break }
            guard link.peer.nodeID == session.peer.nodeID else {
                if spare.links.count < Self.limit { spare.links.append(link) } else { link.control.close() }
                continue
            }
            guard let meeting = try? await Self.introduce(link, node) else { continue }
            guard case .superseded = await session.attach(meeting.conversation, meeting.introduced) else { continue }
            spare.meeting = meeting
            break
        }
        return spare
    }

    /// However long it takes; nil where nobody needs it any more.
    private func nextLink() async -> PeerLink? {
        while !Task.isCancelled {
            if let link = try? await source.next(by: nil) { return link }
            guard (try? await Task.sleep(for: Self.pause)) != nil else { return nil }
        }
        return nil
    }
}
