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

// The conversation on the control link, in the order in which it goes.
extension PeerSession {
    func control(_ frame: ControlFrame) {
        switch frame.message {
        case .membership(let message): membership(message)
        case .channelOffer(let offer): answer(offer)
        case .channelStatus(let status): follow(agreement?.heard(status) ?? [])
        case .ready(let channel, let epoch, let fingerprint):
            follow(agreement?.heardReady(channel, epoch: epoch, fingerprint: fingerprint) ?? [])
        case .transfer(let transfer):
            guard let shell else { return sayError(.unknown, frame) }
            if case .offer = transfer.action {
                // A sender offers once the channel works at both ends.
                guard wasOpen else { return refuse(.protocolViolation) }
                deadlines.offered()
            }
            shell.control(transfer)
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
            shell?.left()
            let theirs: PeerOutcome = code == .leaving ? .lost("the other side stopped") : .failed(MeshError(code))
            outcome = shell?.outcome ?? theirs
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
            case .settled: agree()
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
            let shell = SendShell(make(link.peer), desk: desk, lanes: lanes, say: say)
            self.shell = shell
            shell.begin()
        case .receive(let make):
            let context = make(link.peer, peerName)
            shell = ReceiveShell(
                context, desk: desk, lanes: lanes, say: say, syncer: context.options.fsync ? nil : syncer)
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

    private func agree() {
        let ends = ChannelEnds(
            local: node.identity.nodeID, remote: link.peer.nodeID, role: link.role, resumeSecret: introduction.secret)
        let policy = ChannelAnswering.Policy(maxLanes: link.lanes, dataHost: link.dataHost, dataPort: link.dataPort)
        agreement = ChannelAgreement(role: link.role, negotiation: KeyNegotiation(ends: ends, policy: policy))
        guard link.role == .dialer else { return }
        follow(agreement?.begin(ChannelID(node.identifier()), lanes: link.lanes) ?? [])
    }

    private func answer(_ offer: ChannelOffer) {
        // Before the introduction is settled nothing else is due.
        guard agreement != nil else { return refuse(.protocolViolation) }
        follow(agreement?.heard(offer) ?? [])
    }

    func follow(_ instructions: [ChannelAgreement.Instruction]) {
        for instruction in instructions {
            switch instruction {
            case .say(let message): say.yield(message)
            case .agreed(let agreed): start(agreed)
            case .open: open()
            case .failed(let error):
                outcome = outcome ?? .failed(MeshError(.identity, "no channel was agreed on: \(error)"))
            case .recoveryFailed: channel?.recoveryFailed(now: NodeClock.monotonic, using: &generator)
            case .refuse(let code): refuse(code)
            }
        }
    }

    /// Both ends tested the channel and derived the same state: the transfer begins, or goes on, on the lanes that are up.
    private func open() {
        guard outcome == nil else { return }
        deadlines.channelOpened(awaitsOffer: purpose.awaitsOffer, now: NodeClock.monotonic)
        if !wasOpen {
            wasOpen = true
            shell?.channelOpened()
        }
        for name in lanes.waiting { work(on: name) }
    }
}
