import MeshJournal
import MeshTransport
import MeshTrust
import MeshWire
import Synchronization

/// A one-time code in use: what it derives, whom it is tied to, and how often it was got wrong.
final class CodeMeeting: Sendable {
    let node: NodeContext
    let secrets: CodeSecrets
    let credentials: TLSCredentials
    let role: CodeRole
    private let life: Mutex<CodeLife>
    private let pin: Mutex<CodeRecord.Pin?>

    /// Finds the code in the journal, or writes it there. Stretching it takes about 0.1 s, on the pool.
    static func open(_ code: OneTimeCode, role: CodeRole, node: NodeContext) async throws -> CodeMeeting {
        let secrets = try await node.blocking { try CodeSecrets(stretching: code) }
        if let record = try await node.journal.code(secrets.tag) {
            return try CodeMeeting(record, node: node, role: role)
        }
        let now = NodeClock.wall
        let record = CodeRecord(
            tag: secrets.tag, master: secrets.master, role: role, created: now, expires: now + CodeLife.lifetime,
            text: role == .issuer ? code.withCheck : nil)
        try await node.journal.insert(record)
        return try CodeMeeting(record, node: node, role: role)
    }

    /// A code that the journal knows, without its text.
    init(_ record: CodeRecord, node: NodeContext, role: CodeRole) throws {
        self.node = node
        self.role = role
        secrets = CodeSecrets(master: record.master)
        credentials = try CodeAuthority(secrets).credentials(for: node.identity)
        let state: CodeLife.State =
            switch (record.state, record.pin) {
            case (.burned, _): .burned
            case (.expired, _): .expired
            case (_, let pin?): .pinned(peer: pin.peer, resumeSecret: pin.resumeSecret)
            case (_, nil): .unused(expires: record.expires)
            }
        var life = CodeLife(resuming: state, attempts: record.attempts)
        life.expire(at: NodeClock.wall)
        self.life = Mutex(life)
        pin = Mutex(record.pin)
        guard record.state != .done else {
            throw MeshError(
                .usage,
                "the transfer of this code was cancelled here or forgotten: `pmesh transfers retry` takes a cancellation back, or use a new code"
            )
        }
        if role == .issuer { try refuseIfOver(life.state) }
    }

    private func refuseIfOver(_ state: CodeLife.State) throws {
        switch state {
        case .expired: throw MeshError(.identity, "this code has expired, unused for 15 minutes: draw a new one")
        case .burned: throw MeshError(.identity, "this code was tried wrongly too often: draw a new one")
        case .unused, .pinned: break
        }
    }

    var pinnedPeer: NodeID? { pin.withLock { $0?.peer } }
    var pinnedSecret: Bytes32? { pin.withLock { $0?.resumeSecret } }

    // MARK: listening

    /// Called on an event loop: looks at a value, waits for nothing.
    func credentials(for sni: String, from address: String) -> TLSCredentials? {
        guard sni == credentials.sni else { return nil }
        let answer = life.withLock { $0.connection(from: address, at: NodeClock.wall) }
        switch answer {
        case .proceed: return credentials
        case .refuse: return nil
        }
    }

    /// Somebody at this address got the code wrong. Answers whether that counts, and so is to be kept. Called on an event
    /// loop.
    func attemptFailed(from address: String) -> Bool {
        life.withLock { life in
            guard case .unused = life.state else { return false }
            _ = life.attemptFailed(from: address, at: NodeClock.wall)
            return true
        }
    }

    /// Counts a wrong attempt in the journal: a process that begins anew goes on from there, and so do others that hold the
    /// same code.
    func keepAttempt() async throws {
        let total = try await node.journal.countAttempt(code: secrets.tag, burnAt: CodeLife.attemptsInAll)
        life.withLock { $0.counted(inAll: total) }
    }

    /// The first peer is tied to the code, in the journal before it is told; later only that one is let in.
    func admit(_ peer: PeerIdentity) async throws -> Bytes32 {
        let fresh = node.secret()
        let answer = life.withLock { $0.handshake(with: peer.nodeID, freshSecret: fresh, at: NodeClock.wall) }
        switch answer {
        case .refuse(let refusal): throw MeshError(.identity, refusal.description)
        case .pin(let secret), .admit(let secret):
            try await keepPin(peer, secret)
            return secret
        }
    }

    /// Ties the code to its pair in the journal. Done again, it changes nothing.
    func keepPin(_ peer: PeerIdentity, _ secret: Bytes32) async throws {
        let fresh = CodeRecord.Pin(peer: peer.nodeID, publicKey: peer.publicKeyDER, resumeSecret: secret)
        guard pin.withLock({ $0 }) != fresh else { return }
        let kept = try await node.journal.pin(code: secrets.tag, fresh)
        guard kept.pin == fresh else {
            throw MeshError(.identity, "this code belongs to another pair of nodes: draw a new one")
        }
        pin.withLock { $0 = fresh }
    }
}
