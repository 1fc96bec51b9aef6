import MeshTrust
import MeshWire
import Testing

@Suite struct NodeIdentityTests {
    @Test func `a stored key comes back as the same node`() throws {
        let identity = NodeIdentity()
        let again = try NodeIdentity(stored: identity.storedRepresentation)
        #expect(identity.storedRepresentation.count == 32)
        #expect(again.nodeID == identity.nodeID)
        #expect(again.publicKeyDER == identity.publicKeyDER)
    }

    @Test func `the private key 1 has the name it must have`() throws {
        // The generator of P-256 as SubjectPublicKeyInfo, hashed by another implementation.
        let one = try NodeIdentity(stored: [UInt8](repeating: 0, count: 31) + [1])
        let spki = bytes(
            hex: "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                + "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                + "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
        #expect(one.publicKeyDER == spki)
        #expect(one.nodeID == NodeIdentity.nodeID(ofSPKI: spki))
        #expect(one.nodeID.bytes.hex == "5cd252fb0ce8932436faf8ccd1040981b89ee4ad6b9fe9e2a2b7e71aacb27cd3")
    }

    @Test(arguments: [
        [], [UInt8](repeating: 1, count: 31), [UInt8](repeating: 0, count: 32), [UInt8](repeating: 255, count: 32),
    ])
    func `bytes that are no key are refused`(bytes: [UInt8]) {
        #expect(throws: IdentityError.keyUnreadable) { try NodeIdentity(stored: bytes) }
    }

    @Test func `a signature holds for its bytes and its key alone`() throws {
        let signer = NodeIdentity()
        let message = Array("received: 3 files".utf8)
        let signature = try signer.sign(message)
        func verify(_ signature: [UInt8], _ message: [UInt8], _ key: [UInt8]) -> Bool {
            NodeIdentity.verify(signature: signature, of: message, publicKeyDER: key)
        }
        #expect(verify(signature, message, signer.publicKeyDER))
        #expect(!verify(signature, message + [0], signer.publicKeyDER))
        #expect(!verify(signature, message, NodeIdentity().publicKeyDER))
        #expect(!verify(Array(signature.dropLast()), message, signer.publicKeyDER))
        #expect(!verify([], message, signer.publicKeyDER))
        #expect(!verify(signature, message, []))
    }

    @Test func `a certificate tells whose it is`() throws {
        let identity = NodeIdentity()
        let credentials = try CodeAuthority(secrets(1)).credentials(for: identity)
        #expect(try NodeIdentity.nodeID(ofCertificateDER: credentials.chainDER[0]) == identity.nodeID)
        #expect(throws: IdentityError.certificateUnreadable) { try NodeIdentity.nodeID(ofCertificateDER: [48, 0]) }
    }
}
