import MeshChannel
import MeshControl
import MeshJournal
import MeshTransfer
import MeshTransport
import MeshTrust
import MeshWire

/// What a session tells the program.
enum SessionNews: Sendable {
    case connected(name: String)
    case progress(TransferSnapshot, lanes: Int)
}

/// A channel offer that waits for its answer. The offering exists once; this box lets an actor hold it.
final class PendingOffer {
    private var offering: ChannelOffering?
    let channel: ChannelID
    let epoch: UInt32

    init(_ offering: consuming ChannelOffering) {
        channel = offering.offer.channel
        epoch = offering.offer.epoch
        self.offering = consume offering
    }

    /// The agreed channel, where `status` answers this offer; nil where it answers another.
    func answered(_ status: ChannelStatus) throws -> AgreedChannel? {
        guard status.channel == channel, status.epoch == epoch, let offering = offering.take() else { return nil }
        return try offering.accepted(status)
    }
}

// The conversation on the control link, in the order in which it goes.
extension PeerSession {
    func control(_ frame: ControlFrame) async {
        switch frame.message {
        case .membership(let message): membership(message)
        case .channelOffer(let offer): await answer(offer)
        case .channelStatus(let status): agreed(status)
        case .ready(let channel, let epoch, let fingerprint): peerReady(channel, epoch, fingerprint)
        case .transfer(let transfer):
            guard let shell else { return sayError(.unknown, frame) }
            if case .offer = transfer.action { deadlines.offered() }
            for message in shell.control(transfer) { say.yield(message) }
        case .sync(var sync):
            guard sync.received == nil else {
                node.echoes?.control(NodeClock.wall - sync.origin)
                return
            }
            sync.received = NodeClock.wall
            sync.answered = NodeClock.wall
            say.yield(.sync(sync))
        case .heartbeat, .error: break
        case .leaving(let code):
            guard outcome == nil else { return }
            if shell?.isSettled == true {
                outcome = .done
            } else {
                outcome = code == .leaving ? .lost("the other side stopped") : .failed(MeshError(code))
            }
        case .unknown: sayError(.unsupported, frame)
        }
    }

    private func sayError(_ code: FailureCode, _ frame: ControlFrame) {
        say.yield(.error(code, regarding: frame.sequence))
    }

    // MARK: names and pin

    private func membership(_ message: MembershipControl) {
        switch message {
        case .introduce, .pin, .pinned: follow(introduction.heard(message))
        case .request: say.yield(.membership(.refused(.unsupported)))
        case .grant, .refused: break
        }
    }

    func pinKept() { follow(introduction.kept()) }

    func follow(_ instructions: [Introduction.Instruction]) {
        for instruction in instructions {
            switch instruction {
            case .say(let message): say.yield(.membership(message))
            case .met(let name):
                // Under a code a name is what its owner says; in a mesh it is what the certificate says.
                peerName = link.peer.name ?? name
                begin()
            case .keep(let secret):
                let link = link
                desk.inJournal {
                    try await link.keepPin(secret)
                    return .pinKept
                }
            case .settled: if link.role == .dialer { offerChannel() }
            case .refuse(let code): refuse(code)
            }
        }
    }

    /// This side parts, and says why to both.
    private func refuse(_ code: FailureCode) {
        farewell = farewell ?? code
        outcome = outcome ?? .failed(Self.reason(of: code))
    }

    private static func reason(of code: FailureCode) -> MeshError {
        switch code {
        case .protocolViolation:
            MeshError(
                .other,
                "the peer said what was not due on the control link, and was disconnected: run the same version of pmesh on both machines"
            )
        case .tooMany:
            MeshError(
                .other,
                "the peer opened a second channel on one link, and was disconnected: run the same version of pmesh on both machines"
            )
        case .identity:
            MeshError(
                .identity,
                "the peer did not derive the same channel as this node, and was disconnected: use the home the transfer began with, or a new code"
            )
        default: MeshError(code)
        }
    }

    private func begin() {
        report(.connected(name: peerName))
        rememberPeer()
        switch purpose {
        case .send(let make):
            let shell = SendShell(make(link.peer), desk: desk, lanes: lanes)
            self.shell = shell
            shell.begin()
        case .receive(let make):
            let context = make(link.peer, peerName)
            shell = ReceiveShell(context, desk: desk, lanes: lanes, syncer: context.options.fsync ? nil : syncer)
        }
    }

    /// Whom this node met, and where: for history and for finding them again.
    private func rememberPeer() {
        let (journal, peer, now) = (node.journal, link.peer, NodeClock.wall)
        let label = peerName.isEmpty ? nil : peerName
        let address = link.role == .dialer ? link.control.connection.remoteAddress.description : nil
        desk.inJournal {
            try await journal.upsert(
                PeerRecord(
                    node: peer.nodeID, name: peer.name, label: label, publicKey: peer.publicKeyDER, address: address,
                    firstSeen: now,
                    lastSeen: now))
            return nil
        }
    }

    // MARK: channel

    private var ends: ChannelEnds {
        ChannelEnds(
            local: node.identity.nodeID, remote: link.peer.nodeID, role: link.role, resumeSecret: introduction.secret)
    }

    private func offerChannel() {
        offer(ChannelID(node.identifier()), epoch: 1, set: .standard, lanes: link.lanes)
    }

    func offer(_ channel: ChannelID, epoch: UInt32, set: PrimeSetName, lanes: Int) {
        do {
            let offering = try ChannelOffering(channel: channel, epoch: epoch, set: set, lanes: lanes, ends: ends)
            say.yield(.channelOffer(offering.offer))
            self.offering = PendingOffer(offering)
        } catch {
            outcome = outcome ?? .failed(MeshError(error))
        }
    }

    private func answer(_ offer: ChannelOffer) async {
        guard link.role == .listener, introduction.isSettled else { return refuse(.protocolViolation) }
        // One channel for a link: lanes of another one would be lanes that nobody counts.
        guard channel.map({ $0.agreed.channel == offer.channel }) ?? true else { return refuse(.tooMany) }
        let known = channel.flatMap { $0.agreed.channel == offer.channel ? $0.agreed.epoch : nil } ?? 0
        let policy = ChannelAnswering.Policy(maxLanes: link.lanes, dataHost: link.dataHost, dataPort: link.dataPort)
        do {
            let (status, agreed) = try ChannelAnswering(ends: ends, policy: policy, knownEpoch: known).answer(offer)
            start(agreed)
            say.yield(.channelStatus(status))
        } catch {
            say.yield(.channelStatus(ChannelAnswering.rejection(of: offer, because: error)))
        }
    }

    private func agreed(_ status: ChannelStatus) {
        do {
            guard let agreed = try offering?.answered(status) else { return }
            offering = nil
            start(agreed)
        } catch {
            if channel == nil {
                outcome = outcome ?? .failed(MeshError(.identity, "no channel was agreed on: \(error)"))
            } else {
                channel?.recoveryFailed(now: NodeClock.monotonic, using: &generator)
            }
        }
    }

    private func peerReady(_ id: ChannelID, _ epoch: UInt32, _ fingerprint: Bytes32) {
        guard let agreed = channel?.agreed, agreed.channel == id, agreed.epoch == epoch else { return }
        guard fingerprint == agreed.fingerprint else { return refuse(.identity) }
        readyEpochs.peer = epoch
        openIfReady()
    }

    /// Both ends tested the channel and derived the same state.
    func openIfReady() {
        guard let epoch = channel?.agreed.epoch, readyEpochs == (epoch, epoch), !isOpen else { return }
        isOpen = true
        deadlines.channelOpened(awaitsOffer: purpose.awaitsOffer, now: NodeClock.monotonic)
        for message in shell?.channelOpened() ?? [] { say.yield(message) }
    }
}
