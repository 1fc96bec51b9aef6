import Crypto
import MeshTrust
import MeshWire
import SwiftASN1
import Testing
import X509

@Suite struct MeshAuthorityTests {
    let alice = NodeIdentity()
    let bob = NodeIdentity()
    let free: (String) -> NodeID? = { _ in nil }

    @Test func `members of one mesh trust each other, those of two do not`() async throws {
        let (home, other) = (try mesh("home"), try mesh("home", seed: 2))
        func join(_ mesh: MeshAuthority, _ identity: NodeIdentity, _ name: String) throws -> TLSCredentials {
            let request = try MembershipRequest(for: identity).der
            return try mesh.admit(request: request, name: name, now: noon, taken: free)
                .credentials(for: identity, day: 20_513)
        }
        let (atAlice, atBob) = (try join(home, alice, "alice"), try join(home, bob, "bob"))
        let stranger = try join(other, bob, "bob")
        #expect(try await trusts(atAlice, shown: atBob))
        #expect(try await trusts(atBob, shown: atAlice))
        #expect(try await !trusts(atAlice, shown: stranger))
        #expect(try await !trusts(stranger, shown: atAlice))
        #expect(atAlice.sni == atBob.sni)
        #expect(atAlice.sni != stranger.sni)
    }

    @Test func `a membership lasts from a day ago to in a year`() async throws {
        let home = try mesh("home")
        let later = noon + 40 * day
        let member = try home.admit(
            request: try MembershipRequest(for: alice).der, name: "alice", now: later, taken: free)
        let shown = try member.credentials(for: alice, day: 0)
        #expect(try await !trusts(shown, shown: shown, at: later - day - second))
        #expect(try await trusts(shown, shown: shown, at: later - day))
        #expect(try await trusts(shown, shown: shown, at: later + 365 * day))
        #expect(try await !trusts(shown, shown: shown, at: later + 365 * day + second))
        #expect(member.expires == later + 365 * day)
    }

    @Test func `a taken name is refused, except to its owner`() throws {
        let home = try mesh("home")
        let request = try MembershipRequest(for: alice).der
        #expect(throws: MembershipError.nameTaken("alice", by: bob.nodeID)) {
            try home.issue(request: request, name: "alice", now: noon, taken: { _ in bob.nodeID })
        }
        let renewed = try home.issue(request: request, name: "alice", now: noon, taken: { _ in alice.nodeID })
        #expect(try NodeIdentity.nodeID(ofCertificateDER: renewed) == alice.nodeID)
    }

    @Test func `an invalid name is refused`() throws {
        let request = try MembershipRequest(for: alice).der
        #expect(throws: MembershipError.nameInvalid(.wrongSymbol("A"))) {
            try mesh("home").issue(request: request, name: "Alice", now: noon, taken: free)
        }
    }

    @Test func `two certificates never share a serial number`() throws {
        let home = try mesh("home")
        let request = try MembershipRequest(for: alice).der
        let serials = try (0..<2).map { _ in
            try Certificate(derEncoded: try home.issue(request: request, name: "a", now: noon, taken: free))
                .serialNumber
        }
        #expect(serials[0] != serials[1])
    }

    @Test func `a stored authority goes on where it was`() async throws {
        var random = FixedRandom(3)
        var home = try mesh("home")
        let first = home.discoveryKey
        home.rotateDiscovery(to: Bytes32(using: &random))
        let again = try MeshAuthority(stored: home.storedRepresentation)
        #expect(again.meshName.description == "home")
        #expect(again.rootDER == home.rootDER)
        #expect(again.discoveryKey == home.discoveryKey)
        #expect(again.discoveryKey != first)
        #expect(again.discoveryVersion == 2)
        #expect(again.storedRepresentation == home.storedRepresentation)
        let request = try MembershipRequest(for: alice).der
        let before = try home.admit(request: request, name: "a", now: noon, taken: free).credentials(for: alice, day: 0)
        let after = try again.admit(request: request, name: "a", now: noon, taken: free).credentials(for: alice, day: 0)
        #expect(try await trusts(before, shown: after))
    }

    @Test func `a damaged authority is refused, however it is cut`() throws {
        let stored = try mesh("home").storedRepresentation
        for count in 0..<stored.count {
            #expect(throws: MembershipError.authorityUnreadable) {
                try MeshAuthority(stored: Array(stored.prefix(count)))
            }
        }
        #expect(throws: MembershipError.authorityUnreadable) { try MeshAuthority(stored: stored + [0]) }
        // The first byte of the private key: it no longer belongs to the certificate.
        var wrong = stored
        wrong[18 + 2 + 4] ^= 1
        #expect(throws: MembershipError.authorityUnreadable) { try MeshAuthority(stored: wrong) }
    }
}
