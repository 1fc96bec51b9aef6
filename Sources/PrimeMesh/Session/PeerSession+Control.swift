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
    func heard(_ frame: ControlFrame) {
        say.heard(now: NodeClock.monotonic)
        control(frame)
    }

    private func control(_ frame: ControlFrame) {
        switch frame.message {
        // The first words were said.
        case .membership(.introduce), .membership(.pin), .membership(.pinned): refuse(.protocolViolation)
        case .membership(.request): say.yield(.membership(.refused(.unsupported)))
        case .membership(.grant), .membership(.refused): break
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
        case .sync(let sync):
            guard let answer = sync.answer(at: NodeClock.wall) else {
                node.echoes?.control(NodeClock.wall - sync.origin)
                return
            }
            say.yield(.sync(answer))
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

    /// This side parts, and says why to both.
    private func refuse(_ code: FailureCode) {
        farewell = farewell ?? code
        outcome = outcome ?? .failed(MeshError(Breach(code: code)))
    }

    // MARK: the peer

    func begin() {
        report(.connected(name: introduced.name))
        rememberPeer()
        switch purpose {
        case .send(let make):
            let shell = SendShell(make(link.peer), queue: queue, lanes: lanes, say: say)
            self.shell = shell
            shell.begin()
        case .receive(let make):
            let context = make(link.peer, introduced.name)
            shell = ReceiveShell(
                context, queue: queue, lanes: lanes, say: say, syncer: context.options.fsync ? nil : syncer)
        }
    }

    /// Whom this node met, and where: for history and for finding them again.
    private func rememberPeer() {
        let (journal, peer, now) = (node.journal, link.peer, NodeClock.wall)
        let label = introduced.name.isEmpty ? nil : introduced.name
        let address = link.role == .dialer ? link.control.connection.remoteAddress.description : nil
        queue.inJournal {
            try await journal.upsert(
                PeerRecord(
                    node: peer.nodeID, name: peer.name, label: label, publicKey: peer.publicKeyDER, address: address,
                    firstSeen: now,
                    lastSeen: now))
            return nil
        }
    }

    // MARK: channel

    func agree() {
        let ends = ChannelEnds(
            local: node.identity.nodeID, remote: link.peer.nodeID, role: link.role, resumeSecret: introduced.secret)
        let policy = ChannelAnswering.Policy(maxLanes: link.lanes, dataHost: link.dataHost, dataPort: link.dataPort)
        agreement = ChannelAgreement(role: link.role, negotiation: KeyNegotiation(ends: ends, policy: policy))
        guard link.role == .dialer else { return }
        follow(agreement?.begin(ChannelID(node.identifier()), lanes: link.lanes) ?? [])
    }

    private func answer(_ offer: ChannelOffer) {
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
            case .superseded: outcome = outcome ?? .lost("the other side began anew")
            }
        }
    }

    /// Both ends tested the channel and derived the same state: the transfer begins, or goes on, on the lanes that are up.
    private func open() {
        guard outcome == nil else { return }
        let isUnderWay = shell?.isUnderWay ?? false
        deadlines.channelOpened(awaitsOffer: purpose.awaitsOffer && !isUnderWay, now: NodeClock.monotonic)
        if !wasOpen {
            wasOpen = true
            shell?.channelOpened()
        }
        for name in lanes.waiting { work(on: name) }
    }
}
