import Crypto
import FoundationEssentials
package import MeshWire
import X509

/// A mesh's certificate authority: its key, its certificate, and the discovery key it hands to members.
package struct MeshAuthority: Sendable {
    /// The mesh's name; the rule is that of members' names.
    package let meshName: MemberName
    /// The root certificate all memberships end in, DER.
    package let rootDER: [UInt8]
    /// Seals discovery datagrams and makes the daily SNI names. Secret, known to all members.
    package private(set) var discoveryKey: Bytes32
    /// Counts discovery keys, from 1.
    package private(set) var discoveryVersion: UInt32
    private let key: P256.Signing.PrivateKey
    private let root: Certificate

    /// Founds a mesh at `now` (nanoseconds since 1970). Authority key and serial number come from the system's
    /// randomness by way of swift-crypto and swift-certificates; `discoveryKey` is 256 fresh random bits.
    ///
    /// The root is valid until the end of 2099: a mesh that ends by itself on a day nobody remembers helps no one.
    package init(meshName: MemberName, now: Int64, discoveryKey: Bytes32) throws {
        let key = P256.Signing.PrivateKey()
        let dates = CertificateForm.Dates(
            notBefore: now.wholeSeconds - Self.backdating, notAfter: CertificateForm.wideDates.notAfter)
        // Depth 1: the mesh may name issuers, and those name members only.
        let root = try CertificateForm.authority(
            key: key, named: "pmesh mesh \(meshName)", serial: Certificate.SerialNumber(), depth: 1, dates: dates)
        self.init(
            meshName: meshName, key: key, root: root, rootDER: try root.der(),
            discoveryKey: discoveryKey, discoveryVersion: 1)
    }

    private init(
        meshName: MemberName, key: P256.Signing.PrivateKey, root: Certificate, rootDER: [UInt8], discoveryKey: Bytes32,
        discoveryVersion: UInt32
    ) {
        self.meshName = meshName
        self.key = key
        self.root = root
        self.rootDER = rootDER
        self.discoveryKey = discoveryKey
        self.discoveryVersion = discoveryVersion
    }

    /// Seconds a certificate is valid before it was issued: members' clocks may be that much behind.
    private static let backdating: Int64 = 24 * 3_600
    /// Seconds of a membership after it was issued: 365 days.
    private static let term: Int64 = 365 * 24 * 3_600

    /// The root's public key: what ``RevocationList`` is verified with.
    package var publicKeyDER: [UInt8] { Array(key.publicKey.derRepresentation) }

    /// Signs in the mesh's name: ECDSA with SHA-256, DER.
    package func sign(_ bytes: [UInt8]) throws -> [UInt8] {
        Array(try key.signature(for: bytes).derRepresentation)
    }

    /// Replaces the discovery key by fresh random bits, so that revoked members find nobody any more.
    package mutating func rotateDiscovery(to key: Bytes32) {
        discoveryKey = key
        discoveryVersion &+= 1
    }
}

extension MeshAuthority {
    /// A certificate, DER, for the node that signed `request`, under `name`, for a year from `now` (nanoseconds since
    /// 1970). `taken` tells whose a name is; the same node may have its own name again, which is how it renews.
    package func issue(
        request: [UInt8], name: String, now: Int64, taken: (String) -> NodeID?
    ) throws(MembershipError) -> [UInt8] {
        let request = try MembershipRequest(verifying: request)
        let name = try Self.valid(name)
        if let owner = taken(name.description), owner != request.nodeID {
            throw .nameTaken(name.description, by: owner)
        }
        let dates = CertificateForm.Dates(
            notBefore: now.wholeSeconds - Self.backdating, notAfter: now.wholeSeconds + Self.term)
        do {
            return try CertificateForm.node(
                key: request.publicKey, name: name.dnsName, serial: Certificate.SerialNumber(), dates: dates,
                issuer: root, signer: key
            ).der()
        } catch { throw .notIssued("\(error)") }
    }

    /// All that the node which signed `request` needs to be a member.
    package func admit(
        request: [UInt8], name: String, now: Int64, taken: (String) -> NodeID?
    ) throws(MembershipError) -> Membership {
        Membership(
            meshName: meshName, rootDER: rootDER,
            chainDER: [try issue(request: request, name: name, now: now, taken: taken)], discoveryKey: discoveryKey,
            discoveryVersion: discoveryVersion)
    }

    private static func valid(_ name: String) throws(MembershipError) -> MemberName {
        do { return try MemberName(name) } catch { throw .nameInvalid(error) }
    }
}

extension MeshAuthority {
    private static let magic = "pmesh-authority-v1"

    /// The authority as bytes, its private key in clear: for a file of mode 0600, or for ``MeshRecovery``.
    package var storedRepresentation: [UInt8] {
        var bytes = Array(Self.magic.utf8)
        bytes.appendCounted(Array(meshName.description.utf8))
        bytes.append(contentsOf: key.rawRepresentation)
        bytes.appendCounted(rootDER)
        bytes.append(contentsOf: discoveryKey.array)
        bytes.append(contentsOf: discoveryVersion.bigEndianBytes)
        return bytes
    }

    /// The authority whose ``storedRepresentation`` these bytes are.
    package init(stored bytes: [UInt8]) throws(MembershipError) {
        var reader = ByteReader(bytes)
        guard reader.skip(Self.magic), let name = reader.counted(limit: 63),
            let meshName = try? MemberName(String(decoding: name, as: UTF8.self)),
            let key = reader.bytes(32).flatMap({ try? P256.Signing.PrivateKey(rawRepresentation: $0) }),
            let rootDER = reader.counted(limit: CertificateForm.limit), let root = Certificate(bounded: rootDER),
            root.publicKey == Certificate.PublicKey(key.publicKey),
            let discoveryKey = reader.bytes(32).flatMap(Bytes32.init), let version = reader.number(UInt32.self),
            reader.isAtEnd
        else { throw .authorityUnreadable }
        self.init(
            meshName: meshName, key: key, root: root, rootDER: rootDER, discoveryKey: discoveryKey,
            discoveryVersion: version)
    }
}

extension Bytes32 {
    /// 256 bits drawn from `generator`.
    package init(using generator: inout some RandomNumberGenerator) {
        self.init()
        for start in stride(from: 0, to: 32, by: 8) {
            for (offset, byte) in generator.next().bigEndianBytes.enumerated() { self[start + offset] = byte }
        }
    }
}
