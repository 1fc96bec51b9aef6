import Crypto
import MeshTrust
import SwiftASN1
import Testing
import X509

@Suite struct MembershipRequestTests {
    let alice = NodeIdentity()

    @Test func `a request proves its key`() throws {
        let request = try MembershipRequest(for: alice)
        #expect(request.der.count < 400)
        #expect(try MembershipRequest(verifying: request.der).nodeID == alice.nodeID)
    }

    /// A bit of the encoding may be changed without changing what it says; no change makes it another node's.
    @Test func `a request with any bit changed proves no other key`() throws {
        let der = try MembershipRequest(for: alice).der
        for place in der.indices {
            var wrong = der
            wrong[place] ^= 1
            let accepted = try? MembershipRequest(verifying: wrong)
            #expect(accepted == nil || accepted?.nodeID == alice.nodeID)
        }
    }

    @Test func `a request for somebody else's key is refused`() throws {
        let (mallory, victim) = (P256.Signing.PrivateKey(), Certificate.PublicKey(P256.Signing.PrivateKey().publicKey))
        let own = try CertificateSigningRequest(
            version: .v1, subject: DistinguishedName(), privateKey: Certificate.PrivateKey(mallory),
            attributes: CertificateSigningRequest.Attributes(), signatureAlgorithm: .ecdsaWithSHA256)
        let stolen = try CertificateSigningRequest(
            version: .v1, subject: DistinguishedName(), publicKey: victim, attributes: own.attributes,
            signatureAlgorithm: .ecdsaWithSHA256, signature: own.signature)
        #expect(throws: MembershipError.requestUnsigned) { try MembershipRequest(verifying: try der(stolen)) }
    }

    @Test func `other keys, other bytes and too many bytes are refused`() throws {
        let key = Certificate.PrivateKey(P384.Signing.PrivateKey())
        let request = try CertificateSigningRequest(
            version: .v1, subject: DistinguishedName(), privateKey: key,
            attributes: CertificateSigningRequest.Attributes())
        #expect(throws: MembershipError.requestKeyKind) { try MembershipRequest(verifying: try der(request)) }
        #expect(throws: MembershipError.requestUnreadable) { try MembershipRequest(verifying: [1, 2, 3]) }
        #expect(throws: MembershipError.requestTooLarge(4_097)) {
            try MembershipRequest(verifying: [UInt8](repeating: 48, count: 4_097))
        }
    }

    private func der(_ request: CertificateSigningRequest) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(request)
        return serializer.serializedBytes
    }
}
