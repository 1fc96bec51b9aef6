import FoundationEssentials
import Glibc
import MeshJournal
import MeshTrust
import MeshWire

/// The node's membership, and the authority where this node issues: two files beside its key, for its user alone.
struct MembershipStore: Sendable {
    /// Bytes of either file at most: a membership travels in one control message.
    private static let limit = 64 * 1024

    let node: NodeContext

    private var membershipPath: String { node.home.data + "/mesh.json" }
    private var authorityPath: String { node.home.data + "/mesh.authority" }

    /// The membership; throws where this node is in no mesh.
    func only() async throws -> Membership {
        guard let membership = try await load() else {
            throw MeshError(
                .identity,
                "this node is in no mesh: `pmesh mesh join` with a code from a member, or `pmesh mesh create NAME`")
        }
        guard try membership.nodeID == node.identity.nodeID else {
            throw MeshError(
                .identity,
                "the membership in \(membershipPath) is another node's: restore the key it belongs to, or join again")
        }
        return membership
    }

    func load() async throws -> Membership? {
        let path = membershipPath
        return try await node.blocking {
            guard let bytes = try Self.read(path) else { return nil }
            do {
                return try JSONDecoder().decode(Membership.self, from: Data(bytes))
            } catch {
                throw MeshError(
                    .identity, "the membership in \(path) is damaged: restore it, or delete it and join again")
            }
        }
    }

    func save(_ membership: Membership) async throws {
        let (path, bytes) = (membershipPath, Array(try JSONEncoder().encode(membership)))
        try await node.blocking { try Self.replace(path, bytes) }
        let authority = membership.rootPublicKeyDER.map(NodeIdentity.nodeID(ofSPKI:))
        try await node.journal.upsert(
            MeshRecord(
                authority: authority?.bytes ?? Bytes32(), name: membership.meshName.description,
                member: membership.name ?? "", joined: NodeClock.wall))
    }

    /// The authority; throws where this node does not issue.
    func authority() async throws -> MeshAuthority {
        let path = authorityPath
        let authority = try await node.blocking { try Self.read(path).map { try MeshAuthority(stored: $0) } }
        guard let authority else {
            throw MeshError(
                .identity, "this node does not issue memberships: run `pmesh mesh invite` where the mesh was created")
        }
        return authority
    }

    func save(_ authority: MeshAuthority) async throws {
        let (path, bytes) = (authorityPath, authority.storedRepresentation)
        try await node.blocking { try Self.replace(path, bytes) }
    }

    private static func read(_ path: String) throws -> [UInt8]? {
        guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int else { return nil }
        guard size <= limit, let data = FileManager.default.contents(atPath: path) else {
            throw MeshError(.disk, "cannot read \(path): check its permissions")
        }
        return Array(data)
    }

    /// Whole or not at all: a crash leaves the old file or the new one.
    private static func replace(_ path: String, _ bytes: [UInt8]) throws {
        let draft = "\(path).\(getpid())"
        try KeyFile.write(bytes, to: draft)
        guard rename(draft, path) == 0 else {
            throw MeshError(.disk, "cannot write \(path): check the folder's permissions and space")
        }
    }
}
