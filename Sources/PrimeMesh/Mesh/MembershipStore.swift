import FoundationEssentials
import Glibc
import MeshDisk
import MeshJournal
import MeshTrust
import MeshWire

/// The node's membership, and the authority where this node issues: two files beside its key, for its user alone.
struct MembershipStore: Sendable {
    /// Bytes of either file at most: a membership travels in one control message.
    private static let limit = 64 * 1024

    let node: NodeContext

    private var membershipPath: [UInt8] { node.home.membership }
    private var authorityPath: [UInt8] { node.home.data + "/mesh.authority".utf8 }

    /// The membership; throws where this node is in no mesh.
    func only() async throws -> Membership {
        guard let membership = try await load() else {
            throw MeshError(
                .usage,
                "this node is in no mesh: `pmesh mesh join` with a code from a member, or `pmesh mesh create NAME`")
        }
        guard try membership.nodeID == node.identity.nodeID else {
            throw MeshError(
                .identity,
                "the membership in \(EntryPath.escaped(membershipPath)) is another node's: restore the key it belongs to, or join again"
            )
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
                    .identity,
                    "the membership in \(EntryPath.escaped(path)) is damaged: restore it, or delete it and join again")
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

    /// Whether memberships are issued here.
    func isIssuer() async throws -> Bool {
        let path = authorityPath
        return try await node.blocking { path.withPath { access($0, F_OK) } == 0 }
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

    private static func read(_ path: [UInt8]) throws -> [UInt8]? {
        guard let bytes = try KeyFile.contents(path, limit: limit + 1) else { return nil }
        guard bytes.count <= limit else {
            throw MeshError(.disk, "\(EntryPath.escaped(path)) is too large to be what it should be: restore it")
        }
        return bytes
    }

    /// Whole or not at all: a crash leaves the old file or the new one.
    private static func replace(_ path: [UInt8], _ bytes: [UInt8]) throws {
        let draft = path + ".\(getpid())".utf8
        try KeyFile.write(bytes, to: draft)
        guard draft.withPath({ draft in path.withPath { rename(draft, $0) } }) == 0 else {
            throw MeshError(
                .disk, "cannot write \(EntryPath.escaped(path)): check the folder's permissions and space")
        }
    }
}
