import MeshControl
import MeshJournal
import MeshTransport
import MeshTrust
import MeshWire
import NIOConcurrencyHelpers

/// Under whose authority two nodes meet: a one-time code's, or a mesh's.
enum MeetingScope: Sendable {
    case code(CodeMeeting)
    case mesh(MeshMeeting)

    var isCode: Bool {
        switch self {
        case .code: true
        case .mesh: false
        }
    }

    /// What this node shows, and whom it names as dialer.
    func credentials(at now: Int64) throws -> TLSCredentials {
        switch self {
        case .code(let code): code.credentials
        case .mesh(let mesh): try mesh.credentials(at: now)
        }
    }

    /// What a listener shows to whom names `sni`; nil for names that are not of this scope.
    func credentials(for sni: String, from address: String) -> TLSCredentials? {
        switch self {
        case .code(let code): code.credentials(for: sni, from: address)
        case .mesh(let mesh): mesh.credentials(for: sni)
        }
    }

    /// The checks after every handshake, before the first frame.
    func check(_ connection: SecureConnection, plane: Plane, pinned: NodeID?) throws(PeerRejection) -> PeerIdentity {
        let authority: PeerExpectation.Authority = isCode ? .code : .mesh
        let expectation = PeerExpectation(
            protocols: [plane.alpn], authority: authority, own: own, pinned: pinned, revocations: nil)
        return try PeerCheck.identity(
            of: PeerHandshake(
                alpn: connection.alpn, leafDER: connection.leafDER, now: NodeClock.wall, expectation: expectation))
    }

    /// The one node that may be met, where that is settled.
    var pinned: NodeID? {
        switch self {
        case .code(let code): code.pinnedPeer
        case .mesh(let mesh): mesh.expected
        }
    }

    var discovery: DiscoveryScope? {
        switch self {
        case .code(let code):
            DiscoveryScope(tag: code.secrets.tagText, key: code.secrets.discoveryKey, keyVersion: 0)
        case .mesh(let mesh): mesh.discovery
        }
    }

    func keepPin(_ peer: PeerIdentity, _ secret: Bytes32) async throws {
        switch self {
        case .code(let code): try await code.keepPin(peer, secret)
        case .mesh: break
        }
    }

    private var own: NodeID {
        switch self {
        case .code(let code): code.node.identity.nodeID
        case .mesh(let mesh): mesh.identity.nodeID
        }
    }
}

/// One mesh that this node is a member of.
struct MeshMeeting: Sendable {
    let membership: Membership
    let identity: NodeIdentity
    /// The member to be met, nil where any may come.
    var expected: NodeID?

    func credentials(at now: Int64) throws -> TLSCredentials {
        try membership.credentials(for: identity, day: Membership.day(at: now))
    }

    func credentials(for sni: String) -> TLSCredentials? {
        let day = Membership.day(at: NodeClock.wall)
        guard membership.acceptedTags(day: day).contains(sni), let own = try? credentials(at: NodeClock.wall) else {
            return nil
        }
        return TLSCredentials(
            sni: sni, rootsDER: own.rootsDER, chainDER: own.chainDER, privateKeyDER: own.privateKeyDER)
    }

    var discovery: DiscoveryScope? {
        // The tag must not change with the day, or nodes whose clocks differ would not meet: it is derived from the key.
        let tag = membership.discoveryTag
        return DiscoveryScope(tag: tag, key: membership.discoveryKey, keyVersion: membership.discoveryVersion)
    }
}
