import Crypto
import Foundation
import MeshWire
import Testing
import X509

@testable import MeshTrust

@Suite struct PeerCheckTests {
    let own = NodeIdentity()
    let bob = NodeIdentity()
    let home = try! mesh("home")

    /// What is true of Bob, a member, after a handshake in which all is well.
    func handshake(leaf: [UInt8]? = nil, change: (inout PeerHandshake) -> Void = { _ in }) throws -> PeerHandshake {
        let issued = try home.issue(
            request: try MembershipRequest(for: bob).der, name: "bob", now: noon, taken: { _ in nil })
        let expectation = PeerExpectation(protocols: ["pmesh-control/1"], authority: .mesh, own: own.nodeID)
        var handshake = PeerHandshake(
            alpn: "pmesh-control/1", leafDER: leaf ?? issued, now: noon, expectation: expectation)
        change(&handshake)
        return handshake
    }

    func rejection(leaf: [UInt8]? = nil, change: (inout PeerHandshake) -> Void = { _ in }) throws -> PeerRejection? {
        do {
            _ = try PeerCheck.identity(of: try handshake(leaf: leaf, change: change))
            return nil
        } catch let rejection as PeerRejection { return rejection }
    }

    @Test func `a member passes and is known by name and key`() throws {
        let peer = try PeerCheck.identity(of: try handshake())
        #expect(peer == PeerIdentity(nodeID: bob.nodeID, name: "bob", publicKeyDER: bob.publicKeyDER))
    }

    @Test func `under a code no name is believed`() throws {
        let leaf = try CodeAuthority(secrets(1)).credentials(for: bob).chainDER[0]
        let plain = try PeerCheck.identity(of: try handshake(leaf: leaf) { $0.expectation.authority = .code })
        #expect(plain.nodeID == bob.nodeID)
        #expect(plain.name == nil)
        let named = try PeerCheck.identity(of: try handshake { $0.expectation.authority = .code })
        #expect(named.name == nil)
        #expect(try rejection(leaf: leaf) == .noName)
    }

    @Test func `the protocol must be one that is spoken here`() throws {
        #expect(try rejection { $0.alpn = "h2" } == .otherProtocol("h2"))
        #expect(try rejection { $0.alpn = nil } == .otherProtocol(nil))
        #expect(try rejection { $0.expectation.protocols = ["pmesh-lane/1"] } == .otherProtocol("pmesh-control/1"))
    }

    @Test func `there must be a certificate, and a readable one`() throws {
        #expect(try rejection { $0.leafDER = nil } == .noCertificate)
        #expect(try rejection { $0.leafDER = [48, 3, 1, 2, 3] } == .certificateUnreadable)
        #expect(try rejection { $0.leafDER = [UInt8](repeating: 48, count: 100_000) } == .certificateUnreadable)
    }

    @Test func `the key must be P-256`() throws {
        let key = Certificate.PrivateKey(P384.Signing.PrivateKey())
        #expect(try rejection(leaf: try certificate(named: "x", key: key)) == .keyKindUnknown)
    }

    @Test func `the subject must be the key's own name`() throws {
        let key = P256.Signing.PrivateKey()
        let nodeID = NodeIdentity.nodeID(ofSPKI: Array(key.publicKey.derRepresentation))
        let stolen = try certificate(named: bob.nodeID.description, key: Certificate.PrivateKey(key))
        #expect(try rejection(leaf: stolen) == .subjectDiffers(nodeID))
        let right = try certificate(named: nodeID.description, key: Certificate.PrivateKey(key))
        #expect(try rejection(leaf: right) == .noName)
        let authority = try NodeIdentity.nodeID(ofCertificateDER: home.rootDER)
        #expect(try rejection(leaf: home.rootDER) == .subjectDiffers(authority))
    }

    @Test func `the dates must be right to the second`() throws {
        #expect(try rejection { $0.now = noon - day - second } == .notYetValid(seconds: 1))
        #expect(try rejection { $0.now = noon - day } == nil)
        #expect(try rejection { $0.now = noon + 365 * day + second - 1 } == nil)
        #expect(try rejection { $0.now = noon + 365 * day + second } == .ranOut(seconds: 1))
    }

    @Test func `a revoked node is refused`() throws {
        let list = try RevocationList(number: 1, issuedAt: noon, nodes: [bob.nodeID], by: home)
        let other = try RevocationList(number: 1, issuedAt: noon, nodes: [node(1)], by: home)
        #expect(try rejection { $0.expectation.revocations = list } == .revoked(bob.nodeID))
        #expect(try rejection { $0.expectation.revocations = other } == nil)
    }

    @Test func `only the pinned node passes a pin`() throws {
        #expect(try rejection { $0.expectation.pinned = node(1) } == .otherNode(bob.nodeID, expected: node(1)))
        #expect(try rejection { $0.expectation.pinned = bob.nodeID } == nil)
    }

    @Test func `a node does not talk to itself`() throws {
        #expect(try rejection { $0.expectation.own = bob.nodeID } == .ourselves)
    }

    @Test func `every rejection is a sentence with something to do`() {
        let all: [PeerRejection] = [
            .otherProtocol("h2"), .noCertificate, .certificateUnreadable, .keyKindUnknown, .subjectDiffers(node(1)),
            .notYetValid(seconds: 90), .ranOut(seconds: 90_000), .revoked(node(1)),
            .otherNode(node(1), expected: node(2)), .ourselves, .noName,
        ]
        #expect(Set(all.map(\.description)).count == all.count)
        #expect(all.allSatisfy { $0.description.contains(";") })
        #expect(PeerRejection.ranOut(seconds: 90_000).description.contains("25 hours"))
    }

    private func certificate(named name: String, key: Certificate.PrivateKey) throws -> [UInt8] {
        let subject = try DistinguishedName { CommonName(name) }
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: Date(timeIntervalSince1970: 0), notValidAfter: Date(timeIntervalSince1970: 4_000_000_000),
            issuer: subject, subject: subject, extensions: Certificate.Extensions(), issuerPrivateKey: key
        ).der()
    }
}
