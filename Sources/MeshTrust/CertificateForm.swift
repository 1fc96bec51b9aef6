import Crypto
import FoundationEssentials
import MeshWire
import SwiftASN1
import X509

/// The two shapes of certificate there are: authorities and nodes. ECDSA with SHA-256 over P-256, X.509 version 3.
enum CertificateForm {
    /// 2020-01-01 and 2099-12-31T23:59:59Z in seconds since 1970: dates that never decide anything.
    static let wideDates = Dates(notBefore: 1_577_836_800, notAfter: 4_102_444_799)

    /// Bytes of a certificate we read at most; ours have about 500.
    static let limit = 8 * 1024

    /// Whole seconds since 1970, both inclusive (RFC 5280, section 4.1.2.5).
    struct Dates: Hashable {
        var notBefore: Int64
        var notAfter: Int64
    }

    /// A self-signed certificate of an authority that may name `depth` issuers below itself in a row.
    static func authority(
        key: P256.Signing.PrivateKey, named name: String, serial: Certificate.SerialNumber, depth: Int, dates: Dates
    ) throws -> Certificate {
        let key = Certificate.PrivateKey(key)
        let subject = try DistinguishedName { CommonName(name) }
        return try make(key.publicKey, serial: serial, dates: dates, issuer: subject, subject: subject, signer: key) {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: depth))
            Critical(KeyUsage(keyCertSign: true))
            SubjectKeyIdentifier(hash: key.publicKey)
        }
    }

    /// A node's certificate: subject = its NodeID's text, client and server of TLS, and its name where it has one.
    static func node(
        key: P256.Signing.PublicKey, name: String?, serial: Certificate.SerialNumber, dates: Dates,
        issuer: Certificate, signer: P256.Signing.PrivateKey
    ) throws -> Certificate {
        let nodeID = NodeIdentity.nodeID(ofSPKI: Array(key.derRepresentation))
        let signer = Certificate.PrivateKey(signer)
        let subject = try DistinguishedName { CommonName(nodeID.description) }
        let identifier = SubjectKeyIdentifier(hash: signer.publicKey).keyIdentifier
        let publicKey = Certificate.PublicKey(key)
        return try make(
            publicKey, serial: serial, dates: dates, issuer: issuer.subject, subject: subject, signer: signer
        ) {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([.serverAuth, .clientAuth])
            AuthorityKeyIdentifier(keyIdentifier: identifier)
            SubjectKeyIdentifier(hash: publicKey)
            if let name { SubjectAlternativeNames([.dnsName(name)]) }
        }
    }

    private static func make(
        _ key: Certificate.PublicKey, serial: Certificate.SerialNumber, dates: Dates, issuer: DistinguishedName,
        subject: DistinguishedName, signer: Certificate.PrivateKey,
        @ExtensionsBuilder extensions: () throws -> Result<Certificate.Extensions, any Error>
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: serial, publicKey: key,
            notValidBefore: Date(timeIntervalSince1970: Double(dates.notBefore)),
            notValidAfter: Date(timeIntervalSince1970: Double(dates.notAfter)),
            issuer: issuer, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions(builder: extensions), issuerPrivateKey: signer)
    }
}

extension Certificate {
    /// Reads at most ``CertificateForm/limit`` bytes.
    init?(bounded bytes: [UInt8]) {
        guard bytes.count <= CertificateForm.limit, let certificate = try? Certificate(derEncoded: bytes) else {
            return nil
        }
        self = certificate
    }

    /// The certificate as it travels.
    func der() throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(self)
        return serializer.serializedBytes
    }

    var dates: CertificateForm.Dates {
        CertificateForm.Dates(
            notBefore: Int64(notValidBefore.timeIntervalSince1970),
            notAfter: Int64(notValidAfter.timeIntervalSince1970))
    }

    /// The subject where it consists of one common name and nothing else.
    var commonName: String? {
        guard subject.count == 1, let part = subject.first, part.count == 1, let attribute = part.first,
            attribute.type == .RDNAttributeType.commonName
        else { return nil }
        return String(attribute.value)
    }

    /// The DNS names of the subject, none where the extension is missing or malformed.
    var dnsNames: [String] {
        guard let names = try? extensions.subjectAlternativeNames else { return [] }
        return names.compactMap { if case .dnsName(let name) = $0 { name } else { nil } }
    }
}

extension Int64 {
    /// Nanoseconds since 1970 as whole seconds, rounded down.
    var wholeSeconds: Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: 1_000_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
