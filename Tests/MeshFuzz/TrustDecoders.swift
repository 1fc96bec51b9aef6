import FoundationEssentials
import MeshTrust
import MeshWire
import NIOCore

// What proves who somebody is: certificates, requests, lists, seals and files.
extension FuzzedDecoder {
    static let trust = [
        certificate, membership, membershipRequest, revocationList, datagramSeal, authority, recoveryFile, nodeKey,
        receiptSignature,
    ]

    private static let certificate = FuzzedDecoder("certificate") {
        try Meeting.shared.get().certificates
    } body: {
        bytes in
        let nodeID = try NodeIdentity.nodeID(ofCertificateDER: bytes)
        let meeting = try Meeting.shared.get()
        for authority in [PeerExpectation.Authority.mesh, .code] {
            let expected = PeerExpectation(protocols: ["p"], authority: authority, own: NodeID(Bytes32()))
            let handshake = PeerHandshake(alpn: "p", leafDER: bytes, now: Meeting.now, expectation: expected)
            guard let peer = try? PeerCheck.identity(of: handshake) else { continue }
            try keep(peer.nodeID == nodeID, "a certificate has one NodeID")
            try keep(NodeIdentity.nodeID(ofSPKI: peer.publicKeyDER) == nodeID, "a NodeID is its key's")
            if let name = peer.name { _ = try kept("a peer's name is a name") { try MemberName(name) } }
        }
        try look(at: meeting.membership.with(chainDER: [bytes]))
    }

    private static func look(at membership: Membership) throws {
        _ = try? membership.nodeID
        try keep((membership.expires ?? 0) >= 0, "time goes on")
        _ = membership.wantsRenewal(at: Meeting.now)
        if let name = membership.name { _ = try kept("a member's name is a name") { try MemberName(name) } }
        try keep(membership.rootPublicKeyDER.map { !$0.isEmpty } ?? true, "a key has bytes")
    }

    private static let membership = FuzzedDecoder(
        "membership", seeds: { [Array(try JSONEncoder().encode(try Meeting.shared.get().membership))] },
        decode: { try JSONDecoder().decode(Membership.self, from: Data($0)) },
        encode: { membership in
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return Array(try encoder.encode(membership))
        },
        promise: { try look(at: $0) })

    private static let membershipRequest = FuzzedDecoder("membership-request") {
        [try Meeting.shared.get().request]
    } body: { bytes in
        let request = try MembershipRequest(verifying: bytes)
        let issued = try kept("a request that is taken is followed") {
            try Meeting.shared.get().authority.issue(request: bytes, name: "ben", now: Meeting.now) { _ in nil }
        }
        let owner = try kept("a certificate is readable") { try NodeIdentity.nodeID(ofCertificateDER: issued) }
        try keep(owner == request.nodeID, "a certificate is for whoever asked")
    }

    private static let revocationList = FuzzedDecoder("revocation-list") {
        try Meeting.shared.get().lists
    } body: { bytes in
        let list = try RevocationList(decoding: bytes)
        try keep(list.encoded == bytes, "a list has one spelling")
        try keep(list.nodes.count <= RevocationList.limit, "a list is bounded")
        try keep(list.nodes.allSatisfy(list.contains), "every node of a list is found in it")
        _ = list.standing(at: Meeting.now)
        _ = list.supersedes(list)
        _ = list.verify(publicKeyDER: try Meeting.shared.get().authority.publicKeyDER)
    }

    /// First byte even: a datagram from a stranger. Odd: what a member sealed.
    private static let datagramSeal = FuzzedDecoder("datagram-seal") {
        let meeting = try Meeting.shared.get()
        let messages = try Recording.shared.get().pieces(.discovery)
        return [[0] + meeting.datagram] + messages.map { [1] + $0 }
    } body: { bytes in
        let isSealed = try bytes.first.orRefused() & 1 == 1
        let seal = try Meeting.shared.get().seal
        var sender = seal
        let datagram = isSealed ? try sender.seal(Array(bytes.dropFirst())) : Array(bytes.dropFirst())
        _ = DatagramSeal.keyVersion(of: datagram)
        let opened = try seal.open(datagram)
        try keep(!isSealed || opened.plain == Array(bytes.dropFirst()), "what was sealed is what is opened")
        var window = DatagramWindow()
        try keep(window.accepts(opened) && !window.accepts(opened), "a datagram is accepted once")
        _ = try DiscoveryMessage(reading: ByteBuffer(bytes: opened.plain))
    }

    private static let authority = FuzzedDecoder("authority-file") {
        [try Meeting.shared.get().authority.storedRepresentation]
    } body: { bytes in
        let authority = try MeshAuthority(stored: bytes)
        try keep(authority.storedRepresentation == bytes, "an authority has one spelling")
    }

    /// The cost is the least one, whatever a file says: half a second for each input would find nothing.
    private static let recoveryFile = FuzzedDecoder("recovery-file") {
        [try Meeting.shared.get().recovery]
    } body: { bytes in
        var bytes = bytes
        let place = "pmesh-recovery-v1".utf8.count
        if bytes.count > place, (11...18).contains(bytes[place]) { bytes[place] = 10 }
        _ = try MeshRecovery.open(bytes, passphrase: Meeting.passphrase)
    }

    private static let nodeKey = FuzzedDecoder("node-key") {
        [try Meeting.shared.get().member.storedRepresentation]
    } body: { bytes in
        let identity = try NodeIdentity(stored: bytes)
        try keep(identity.storedRepresentation == bytes, "a key has one spelling")
        let signature = try kept("a key signs") { try identity.sign([1]) }
        try keep(
            NodeIdentity.verify(signature: signature, of: [1], publicKeyDER: identity.publicKeyDER),
            "what a key signed is verified with it")
    }

    /// A receipt's signature, then the key: their lengths in the first two bytes.
    private static let receiptSignature = FuzzedDecoder("receipt-signature") {
        let member = try Meeting.shared.get().member
        let signature = try member.sign([1, 2, 3])
        return [[UInt8(signature.count), 3] + signature + member.publicKeyDER + [1, 2, 3]]
    } body: { bytes in
        guard bytes.count >= 2 else { throw Refused() }
        let rest = bytes.dropFirst(2)
        let signature = Array(rest.prefix(Int(bytes[0])))
        let signed = Array(rest.suffix(Int(bytes[1])))
        let key = Array(rest.dropFirst(signature.count).dropLast(signed.count))
        guard NodeIdentity.verify(signature: signature, of: signed, publicKeyDER: key) else { throw Refused() }
    }
}
