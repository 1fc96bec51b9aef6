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

    /// What came and is not this session's, in its order: one for each node, or each run of the peer's.
    struct Spare: Sendable {
        /// Other runs of the peer.
        var meetings: [Meeting] = []
        /// Links of others.
        var links: [PeerLink] = []

        private static let limit = 16

        /// In the place of an earlier one of the same run, which would not have come again otherwise.
        mutating func add(_ meeting: Meeting) {
            for old in meetings where old.introduced.instance == meeting.introduced.instance {
                old.conversation.close()
            }
            meetings.removeAll { $0.introduced.instance == meeting.introduced.instance }
            if meetings.count == Self.limit { meetings.removeFirst().conversation.close() }
            meetings.append(meeting)
        }

        mutating func add(_ link: PeerLink) {
            for old in links where old.peer.nodeID == link.peer.nodeID { old.control.close() }
            links.removeAll { $0.peer.nodeID == link.peer.nodeID }
            if links.count == Self.limit { links.removeFirst().control.close() }
            links.append(link)
        }

        func close() {
            for meeting in meetings { meeting.conversation.close() }
            for link in links { link.control.close() }
        }
    }

    /// Between two attempts to find the peer again, and between two links that are taken.
    private static let pause = Duration.seconds(1)

    let node: NodeContext
    let instance: InstanceID
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
    func introduce(_ link: PeerLink) async throws -> Meeting {
        let conversation = PeerConversation(node: node, instance: instance, link: link)
        return Meeting(conversation: conversation, introduced: try await conversation.introduce())
    }

    /// Until the session is over, or the peer has begun anew.
    private func relink(_ session: PeerSession, _ spare: Spare) async -> Spare {
        var spare = spare
        var losses = session.losses.makeAsyncIterator()
        while !Task.isCancelled {
            if source.isDialing, await losses.next() == nil { break }
            guard await attach(to: session, &spare), (try? await Task.sleep(for: Self.pause)) != nil else { break }
        }
        return spare
    }

    /// Tries until the session has another link; false where it gets none any more.
    private func attach(to session: PeerSession, _ spare: inout Spare) async -> Bool {
        while let link = await nextLink() {
            guard link.peer.nodeID == session.peer.nodeID else {
                spare.add(link)
                guard await pauseIfDialing() else { return false }
                continue
            }
            do {
                let meeting = try await introduce(link)
                switch await session.attach(meeting.conversation, meeting.introduced) {
                case .attached: return true
                case .waits:
                    spare.add(meeting)
                    guard await pauseIfDialing() else { return false }
                case .superseded:
                    spare.add(meeting)
                    return false
                }
            } catch is PeerConversation.LinkLoss {
                guard (try? await Task.sleep(for: Self.pause)) != nil else { return false }
            } catch {
                // Where this side dials no link will be a better one; lanes carry on as long as they live.
                guard !source.isDialing else { return false }
            }
        }
        return false
    }

    /// Whoever is met there will be met again at once. False where the session is over.
    private func pauseIfDialing() async -> Bool {
        guard source.isDialing else { return true }
        return (try? await Task.sleep(for: Self.pause)) != nil
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
