import Crypto
import FoundationEssentials
package import MeshWire
import X509

/// What a member keeps of its mesh: whom to trust, its own certificate, and how members find one another.
package struct Membership: Hashable, Sendable {
    /// The mesh's name.
    package let meshName: MemberName
    /// The mesh's root certificate, DER.
    package let rootDER: [UInt8]
    /// Our certificate, then issuers between it and the root, DER.
    package let chainDER: [[UInt8]]
    /// Seals discovery datagrams and makes the daily SNI names. Secret of the mesh.
    package let discoveryKey: Bytes32
    /// Counts discovery keys, from 1.
    package let discoveryVersion: UInt32

    package init(
        meshName: MemberName, rootDER: [UInt8], chainDER: [[UInt8]], discoveryKey: Bytes32, discoveryVersion: UInt32
    ) {
        self.meshName = meshName
        self.rootDER = rootDER
        self.chainDER = chainDER
        self.discoveryKey = discoveryKey
        self.discoveryVersion = discoveryVersion
    }

    /// The same membership with another certificate (renewal) or discovery key (revocation).
    package func with(
        chainDER: [[UInt8]]? = nil, discoveryKey: Bytes32? = nil, discoveryVersion: UInt32? = nil
    ) -> Membership {
        Membership(
            meshName: meshName, rootDER: rootDER, chainDER: chainDER ?? self.chainDER,
            discoveryKey: discoveryKey ?? self.discoveryKey, discoveryVersion: discoveryVersion ?? self.discoveryVersion
        )
    }
}

extension Membership {
    /// The day of SNI names: whole days since 1970, in UTC, at `now` in nanoseconds.
    package static func day(at now: Int64) -> Int64 {
        let (days, rest) = now.wholeSeconds.quotientAndRemainder(dividingBy: 86_400)
        return rest < 0 ? days - 1 : days
    }

    /// What a member names in SNI on `day`: who does not know the discovery key learns neither mesh nor member from it,
    /// and cannot tell that two days' names belong together.
    package func sni(day: Int64) -> String {
        let code = Derivation.code(discoveryKey, label: "pmesh-sni-v1", then: day.bigEndianBytes)
        return "m-\(Base32.encode(code.prefix(16))).pmesh"
    }

    /// What members are found by on a network: the same every day, so that clocks need not agree, and new with each
    /// discovery key.
    package var discoveryTag: String {
        Base32.encode(Derivation.code(discoveryKey, label: "pmesh-discovery-v1", then: []).prefix(16))
    }

    /// The names a member answers to on `day`: also those of yesterday and tomorrow, since clocks differ.
    package func acceptedTags(day: Int64) -> [String] {
        [day, day - 1, day + 1].map { sni(day: $0) }
    }

    /// What TLS needs on `day`; refused where the certificate is not for `identity`.
    package func credentials(for identity: NodeIdentity, day: Int64) throws(MembershipError) -> TLSCredentials {
        let owner = try nodeID
        guard owner == identity.nodeID else { throw .otherNode(owner) }
        return TLSCredentials(
            sni: sni(day: day), rootsDER: [rootDER], chainDER: chainDER, privateKeyDER: identity.privateKeyDER)
    }

    /// Whose membership this is.
    package var nodeID: NodeID {
        get throws(MembershipError) {
            guard let leaf = chainDER.first, let nodeID = try? NodeIdentity.nodeID(ofCertificateDER: leaf) else {
                throw .membershipUnreadable("certificate")
            }
            return nodeID
        }
    }

    /// The name this member goes by, nil where the certificate has none.
    package var name: String? {
        leaf?.dnsNames.lazy.compactMap { MemberName(dnsName: $0) }.first?.description
    }

    /// When the certificate runs out, nanoseconds since 1970; the last that can be counted (2262) where it is later.
    package var expires: Int64? {
        leaf.map { max(0, min($0.dates.notAfter, Int64.max / 1_000_000_000)) * 1_000_000_000 }
    }

    /// Whether to ask for a new certificate at `now`: less than a third of a year is left.
    package func wantsRenewal(at now: Int64) -> Bool {
        guard let leaf else { return true }
        return leaf.dates.notAfter - now.wholeSeconds < 122 * 86_400
    }

    /// The mesh's public key, SubjectPublicKeyInfo: what ``RevocationList`` is verified with.
    package var rootPublicKeyDER: [UInt8]? {
        Certificate(bounded: rootDER).flatMap { P256.Signing.PublicKey($0.publicKey) }.map {
            Array($0.derRepresentation)
        }
    }

    private var leaf: Certificate? { chainDER.first.flatMap { Certificate(bounded: $0) } }
}

// A JSON object; certificates in base64, the key in hexadecimal. What is read is checked: sizes, counts, and that each
// certificate is one.
extension Membership: Codable {
    private enum Field: String, CodingKey {
        case meshName, root, chain, discoveryKey, discoveryVersion
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        let chain = try fields.decode([Data].self, forKey: .chain)
        guard (1...4).contains(chain.count) else { throw MembershipError.membershipUnreadable("chain") }
        self.init(
            meshName: try MemberName(try fields.decode(String.self, forKey: .meshName)),
            rootDER: try Self.certificate(try fields.decode(Data.self, forKey: .root)),
            chainDER: try chain.map(Self.certificate),
            discoveryKey: try fields.decode(Bytes32.self, forKey: .discoveryKey),
            discoveryVersion: try fields.decode(UInt32.self, forKey: .discoveryVersion))
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Field.self)
        try fields.encode(meshName.description, forKey: .meshName)
        try fields.encode(Data(rootDER), forKey: .root)
        try fields.encode(chainDER.map { Data($0) }, forKey: .chain)
        try fields.encode(discoveryKey, forKey: .discoveryKey)
        try fields.encode(discoveryVersion, forKey: .discoveryVersion)
    }

    private static func certificate(_ data: Data) throws -> [UInt8] {
        let bytes = Array(data)
        guard let certificate = Certificate(bounded: bytes), P256.Signing.PublicKey(certificate.publicKey) != nil else {
            throw MembershipError.membershipUnreadable("certificate")
        }
        return bytes
    }
}
