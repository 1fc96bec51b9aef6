import FoundationEssentials
import MeshTransport
import MeshTrust
import MeshWire

/// How a node joins: a certificate request over a link under a one-time code, and the membership in answer.
///
/// ```
///  joiner                         issuer
///    introduce ────────────────▶
///              ◀──────────────── introduce, pin
///    pinned, request ──────────▶
///              ◀──────────────── grant | refused
/// ```
struct MembershipExchange: Sendable {
    let node: NodeContext
    let link: PeerLink

    /// Issuer: answers one request; the name is taken down before the grant leaves.
    func issue(
        _ decide: @Sendable (_ name: String, _ csr: [UInt8], _ from: NodeID) async throws -> Membership
    ) async throws -> String {
        try await link.control.send(.membership(.introduce(name: node.name, version: PeerSession.protocolVersion)))
        if let secret = link.pin { try await link.control.send(.membership(.pin(secret: secret))) }
        for try await frame in link.control.inbound {
            switch frame.message {
            case .membership(.introduce), .membership(.pinned): continue
            case .membership(.request(let name, let csr)):
                do {
                    let membership = try await decide(name, csr, link.peer.nodeID)
                    let grant = Array(try JSONEncoder().encode(membership))
                    try await link.control.send(.membership(.grant(membership: grant)))
                    await link.control.connection.closed()
                    return membership.name ?? name
                } catch let error as MembershipError {
                    try await link.control.send(.membership(.refused(error.isNameTaken ? .nameTaken : .declined)))
                    throw error
                }
            case .leaving(let code): throw MeshError(code)
            default: try await link.control.send(.error(.unsupported, regarding: frame.sequence))
            }
        }
        throw MeshError(.timedOut, "the joining node went away: run `pmesh mesh join` there again with the same code")
    }

    /// Joiner: asks, and answers with the membership, checked to be this node's.
    func join(name: MemberName) async throws -> Membership {
        try await link.control.send(.membership(.introduce(name: node.name, version: PeerSession.protocolVersion)))
        for try await frame in link.control.inbound {
            switch frame.message {
            case .membership(.introduce): continue
            case .membership(.pin(let secret)):
                try await link.keepPin(secret)
                try await link.control.send(.membership(.pinned))
                let csr = try MembershipRequest(for: node.identity).der
                try await link.control.send(.membership(.request(name: name.description, csr: csr)))
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
