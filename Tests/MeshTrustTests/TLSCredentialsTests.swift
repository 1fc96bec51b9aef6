import MeshTrust
import MeshWire
import NIOCore
import NIOEmbedded
import NIOSSL
import Testing

/// That the TLS library itself accepts what is derived here, and refuses the rest.
@Suite struct TLSCredentialsTests {
    let alice = NodeIdentity()
    let bob = NodeIdentity()

    @Test func `one code makes a handshake`() throws {
        let (client, server) = try handshake(
            try CodeAuthority(secrets(1)).credentials(for: alice), try CodeAuthority(secrets(1)).credentials(for: bob))
        #expect(client == .done(peer: bob.nodeID.description))
        #expect(server == .done(peer: alice.nodeID.description))
    }

    @Test func `two codes make none, on either side`() throws {
        let (client, server) = try handshake(
            try CodeAuthority(secrets(1)).credentials(for: alice), try CodeAuthority(secrets(2)).credentials(for: bob))
        #expect(client == .failed)
        #expect(server == .failed)
    }

    private enum End: Equatable {
        case done(peer: String)
        case failed
    }

    private func handshake(_ client: TLSCredentials, _ server: TLSCredentials) throws -> (End, End) {
        let outside = try NIOSSLClientHandler(context: try context(client, serves: false), serverHostname: server.sni)
        let inside = NIOSSLServerHandler(context: try context(server, serves: true))
        let left = EmbeddedChannel(handler: outside)
        let right = EmbeddedChannel(handler: inside)
        defer {
            for end in [left, right] {
                end.close(promise: nil)
                // NIOSSL waits for the other end's farewell, which nobody carries over, until its own time is up.
                end.embeddedEventLoop.advanceTime(by: .minutes(1))
            }
        }
        var failedLeft = false
        var failedRight = false
        do { try left.connect(to: SocketAddress(unixDomainSocketPath: "/")).wait() } catch { failedLeft = true }
        do { try right.connect(to: SocketAddress(unixDomainSocketPath: "/")).wait() } catch { failedRight = true }
        for _ in 0..<20 {
            while let bytes = try left.readOutbound(as: ByteBuffer.self) {
                do { try right.writeInbound(bytes) } catch { failedRight = true }
            }
            while let bytes = try right.readOutbound(as: ByteBuffer.self) {
                do { try left.writeInbound(bytes) } catch { failedLeft = true }
            }
        }
        let peerOfLeft = try peer(outside.peerCertificate)
        let peerOfRight = try peer(inside.peerCertificate)
        return (end(peerOfLeft, failed: failedLeft), end(peerOfRight, failed: failedRight))
    }

    private func end(_ peer: String?, failed: Bool) -> End {
        if failed { return .failed }
        return peer.map { .done(peer: $0) } ?? .failed
    }

    private func peer(_ certificate: NIOSSLCertificate?) throws -> String? {
        try certificate.map { try NodeIdentity.nodeID(ofCertificateDER: try $0.toDERBytes()).description }
    }

    private func context(_ credentials: TLSCredentials, serves: Bool) throws -> NIOSSLContext {
        let key = try NIOSSLPrivateKey(bytes: credentials.privateKeyDER, format: .der)
        let chain = try credentials.chainDER.map {
            NIOSSLCertificateSource.certificate(try NIOSSLCertificate(bytes: $0, format: .der))
        }
        var configuration =
            serves
            ? TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
            : TLSConfiguration.makeClientConfiguration()
        configuration.certificateChain = chain
        configuration.privateKey = .privateKey(key)
        configuration.trustRoots = .certificates(
            try credentials.rootsDER.map { try NIOSSLCertificate(bytes: $0, format: .der) })
        configuration.certificateVerification = .noHostnameVerification
        configuration.minimumTLSVersion = .tlsv13
        return try NIOSSLContext(configuration: configuration)
    }
}
