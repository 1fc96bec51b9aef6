import MeshTrust
import MeshWire
import NIOCore

/// A mesh with one member, and a code: certificates, lists and files as the program makes them.
struct Meeting: Sendable {
    /// 2026-03-01T12:00:00Z in nanoseconds since 1970.
    static let now: Int64 = 1_772_366_400 * 1_000_000_000
    static let passphrase = "correct horse battery"
    static let shared = Result { try Meeting() }

    let authority: MeshAuthority
    let member = NodeIdentity()
    let membership: Membership
    let request: [UInt8]
    /// A member's, a code's, and the two authorities' certificates.
    let certificates: [[UInt8]]
    let lists: [[UInt8]]
    let seal: DatagramSeal
    /// A question, sealed by another run of the node.
    let datagram: [UInt8]
    let recovery: [UInt8]

    private init() throws {
        var chance = Seeded(1)
        let authority = try MeshAuthority(
            meshName: try MemberName("plain"), now: Self.now, discoveryKey: Bytes32(using: &chance))
        self.authority = authority
        request = try MembershipRequest(for: member).der
        membership = try authority.admit(request: request, name: "ada", now: Self.now) { _ in nil }
        let code = try CodeAuthority(CodeSecrets(master: Bytes32(using: &chance))).credentials(for: member)
        certificates = membership.chainDER + code.chainDER + code.rootsDER + [membership.rootDER]
        let nodes = (0..<3).map { _ in NodeID(Bytes32(using: &chance)) }
        lists = try [[], nodes].map {
            try RevocationList(number: 7, issuedAt: Self.now, nodes: Set($0), by: authority).encoded
        }
        let key = Bytes32(using: &chance)
        seal = DatagramSeal(key: key, version: 1, using: &chance)
        var other = DatagramSeal(key: key, version: 1, using: &chance)
        datagram = try other.seal(Array(buffer: DiscoveryMessage.question(number: 9).encoded()))
        recovery = try MeshRecovery.seal(
            authority, passphrase: Self.passphrase, cost: 10, salt: Bytes16(using: &chance))
    }
}
