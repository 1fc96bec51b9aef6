package import MeshTrust
import NIOCore
package import NIOSSL

/// The TLS settings of every connection, both planes and both directions. Both ends are ours, so there is one way of
/// doing it and nothing to fall back to.
package enum LaneTLS {
    /// For the side that accepts. `planes`: what the port serves.
    package static func server(_ credentials: TLSCredentials, planes: [Plane]) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try chain(credentials), privateKey: try key(credentials))
        try harden(&configuration, credentials, planes)
        return configuration
    }

    /// For the side that dials.
    package static func client(_ credentials: TLSCredentials, plane: Plane) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateChain = try chain(credentials)
        configuration.privateKey = try key(credentials)
        try harden(&configuration, credentials, [plane])
        return configuration
    }

    private static func harden(
        _ configuration: inout TLSConfiguration, _ credentials: TLSCredentials, _ planes: [Plane]
    ) throws {
        // 1.3 alone: every cipher suite has forward secrecy, and certificates travel encrypted.
        configuration.minimumTLSVersion = .tlsv13
        configuration.maximumTLSVersion = .tlsv13
        // The one group: what is recorded today stays closed to a quantum computer (ML-KEM-768) and, should ML-KEM fall,
        // to today's computers (X25519). A peer without it is told so by a failed handshake.
        configuration.curves = [.x25519_MLKEM768]
        // Both sides must show a certificate: on a server this also asks the client for one and fails without it. Names
        // are not host names: which node it is, `PeerCheck` tells from its key.
        configuration.certificateVerification = .noHostnameVerification
        // Nobody but this mesh's or code's own authority: not one of the system's.
        configuration.trustRoots = .certificates(
            try credentials.rootsDER.map { try NIOSSLCertificate(bytes: $0, format: .der) })
        // The port's planes. Without a common one the handshake still ends well, and `ConnectionGate` closes.
        configuration.applicationProtocols = planes.map(\.alpn)
        // Which authorities we accept is nobody's business: the dialer named one in SNI.
        configuration.sendCANameList = false
        // A peer that does not answer our goodbye has no claim to the socket.
        configuration.shutdownTimeout = .seconds(1)
        // Session resumption needs no line: NIOSSL offers clients none, and all that it could skip is checked after the
        // handshake, on every connection, by `PeerCheck`.
    }

    private static func chain(_ credentials: TLSCredentials) throws -> [NIOSSLCertificateSource] {
        try credentials.chainDER.map { .certificate(try NIOSSLCertificate(bytes: $0, format: .der)) }
    }

    private static func key(_ credentials: TLSCredentials) throws -> NIOSSLPrivateKeySource {
        .privateKey(try NIOSSLPrivateKey(bytes: credentials.privateKeyDER, format: .der))
    }
}
