import Crypto
import MeshTrust
import MeshWire
import SwiftASN1
import Testing
import X509

@Suite struct CodeAuthorityTests {
    let alice = NodeIdentity()
    let bob = NodeIdentity()

    @Test func `two nodes with one code trust each other`() async throws {
        let atAlice = try CodeAuthority(secrets(1)).credentials(for: alice)
        let atBob = try CodeAuthority(secrets(1)).credentials(for: bob)
        #expect(atAlice.sni == atBob.sni)
        #expect(try await trusts(atAlice, shown: atBob))
        #expect(try await trusts(atBob, shown: atAlice))
    }

    @Test func `two nodes with different codes trust each other in no direction`() async throws {
        let atAlice = try CodeAuthority(secrets(1)).credentials(for: alice)
        let atBob = try CodeAuthority(secrets(2)).credentials(for: bob)
        #expect(atAlice.sni != atBob.sni)
        #expect(try await !trusts(atAlice, shown: atBob))
        #expect(try await !trusts(atBob, shown: atAlice))
    }

    @Test func `the clock does not matter`() async throws {
        let atAlice = try CodeAuthority(secrets(1)).credentials(for: alice)
        let atBob = try CodeAuthority(secrets(1)).credentials(for: bob)
        #expect(try await trusts(atAlice, shown: atBob, at: 1_577_836_800 * second))
        #expect(try await trusts(atAlice, shown: atBob, at: 4_102_444_799 * second))
    }

    @Test func `both ends derive the same root but for its signature`() throws {
        let roots = try [alice, bob].map {
            try Certificate(derEncoded: try CodeAuthority(secrets(1)).credentials(for: $0).rootsDER[0])
        }
        #expect(roots[0].publicKey == roots[1].publicKey)
        #expect(roots[0].subject == roots[1].subject)
        #expect(roots[0].serialNumber == roots[1].serialNumber)
        #expect(roots[0].extensions == roots[1].extensions)
        #expect(roots[0].extensions[oid: .X509ExtensionID.subjectKeyIdentifier] != nil)
    }

    @Test func `the key of the authority is fixed by the code`() throws {
        // From the secrets of CodeSecretsTests, by another implementation.
        let key = try P256.Signing.PrivateKey(
            rawRepresentation: bytes(hex: "7250a8b2645391c3ebd90d726e69c798921f3c84d78a88db62384317d514e486"))
        let master = Bytes32(hex: "13a80fa5929d4415e77569e11d59889cf576c6499089801f847d0f18fa5b9c13")!
        let credentials = try CodeAuthority(CodeSecrets(master: master)).credentials(for: alice)
        let root = try Certificate(derEncoded: credentials.rootsDER[0])
        #expect(root.publicKey == Certificate.PublicKey(key.publicKey))
    }

    @Test func `a leaf is for its node and is no authority`() throws {
        let credentials = try CodeAuthority(secrets(1)).credentials(for: alice)
        let leaf = try Certificate(derEncoded: credentials.chainDER[0])
        #expect(leaf.subject.description == "CN=\(alice.nodeID)")
        #expect(try leaf.extensions.basicConstraints == .notCertificateAuthority)
        #expect(credentials.privateKeyDER == alice.privateKeyDER)
        #expect(credentials.sni.split(separator: ".").allSatisfy { $0.utf8.count <= 63 })
    }
}
