import FoundationEssentials
import MeshChannel
import MeshControl
import MeshTransport
import MeshTrust
import MeshWire

/// How a node joins: a certificate request over a link under a one-time code, and the membership in answer.
///
/// ```
///  joiner                         issuer
///    (introduction under a code, see `Introduction`)
///    request ──────────────────▶
///              ◀──────────────── grant | refused
/// ```
/// Both sides give the whole of it ``limit``: a node that connects and says nothing holds nobody.
struct MembershipExchange: Sendable {
    let node: NodeContext
    let link: PeerLink

    /// Both are programs that answer at once; nobody is asked.
    static let limit = Duration.seconds(30)

    /// Says the first words; the link is closed where they fail.
    private func introduced() async throws -> PeerConversation {
        let conversation = PeerConversation(node: node, instance: InstanceID(node.identifier()), link: link)
        do { _ = try await conversation.introduce() } catch let loss as PeerConversation.LinkLoss {
            throw MeshError(.timedOut, "\(loss.reason): run both commands again")
        }
        return conversation
    }

    /// Issuer: answers one request; the name is taken down before the grant leaves.
    func issue(
        _ decide: @escaping @Sendable (_ name: String, _ csr: [UInt8], _ from: NodeID) async throws -> Membership
    ) async throws -> String {
        let name = try await inTime { try await answer(decide) }
        await link.control.closed(within: .seconds(1))
        return name
    }

    private func answer(
        _ decide: @Sendable (_ name: String, _ csr: [UInt8], _ from: NodeID) async throws -> Membership
    ) async throws -> String {
        let conversation = try await introduced()
        while let frame = try await conversation.next() {
            switch frame.message {
            case .membership(.request(let name, let csr)):
                return try await grant(try await decided(name, csr, decide), name)
            case .leaving(let code): throw MeshError(code)
            default: try await link.control.send(.error(.unsupported, regarding: frame.sequence))
            }
        }
        throw MeshError(.timedOut, "the joining node went away: run `pmesh mesh join` there again with the same code")
    }

    private func decided(
        _ name: String, _ csr: [UInt8],
        _ decide: @Sendable (_ name: String, _ csr: [UInt8], _ from: NodeID) async throws -> Membership
    ) async throws -> Membership {
        do {
            return try await decide(name, csr, link.peer.nodeID)
        } catch let error as MembershipError {
            try await link.control.send(.membership(.refused(error.isNameTaken ? .nameTaken : .declined)))
            throw error
        }
    }

    private func grant(_ membership: Membership, _ name: String) async throws -> String {
        let grant = Array(try JSONEncoder().encode(membership))
        try await link.control.send(.membership(.grant(membership: grant)))
        return membership.name ?? name
    }

    /// Joiner: asks, and answers with the membership, checked to be this node's.
    func join(name: MemberName) async throws -> Membership {
        try await inTime { try await ask(name) }
    }

    private func ask(_ name: MemberName) async throws -> Membership {
        let conversation = try await introduced()
        let csr = try MembershipRequest(for: node.identity).der
        try await link.control.send(.membership(.request(name: name.description, csr: csr)))
        while let frame = try await conversation.next() {
            switch frame.message {
            case .membership(.grant(let bytes)): return try membership(bytes)
            case .membership(.refused(.nameTaken)): throw MeshError(.nameTaken)
            case .membership(.refused), .error:
                throw MeshError(
                    .refused, "the other side gives no membership under this code: ask for one from `pmesh mesh invite`"
                )
            case .leaving(let code): throw MeshError(code)
            default: continue
            }
        }
        throw MeshError(.timedOut, "the inviting node went away: run both commands again")
    }

    /// Ends with the first of `body` and the limit; at the limit the link closes, so that `body` ends as well.
    private func inTime<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let control = link.control
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: Self.limit)
                control.close()
                return nil
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() ?? nil else {
                throw MeshError(.timedOut, "the other side did not answer within 30 s: run both commands again")
            }
            return value
        }
    }

    private func membership(_ bytes: [UInt8]) throws -> Membership {
        guard bytes.count <= 64 * 1024, let membership = try? JSONDecoder().decode(Membership.self, from: Data(bytes)),
            try membership.nodeID == node.identity.nodeID
        else { throw MeshError(.identity, "the membership that came is not for this node: ask for another invitation") }
        return membership
    }
}

extension MembershipError {
    var isNameTaken: Bool {
        if case .nameTaken = self { return true }
        return false
    }
}
