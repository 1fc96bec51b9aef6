import MeshTrust
import NIOSSL
import Synchronization

/// TLS contexts by what they are made of. Making one parses certificates and a key (about 0.1 ms); a channel opens eight
/// lanes with the same.
package final class TLSContexts: Sendable {
    private enum Key: Hashable {
        case server(TLSCredentials, [Plane])
        case client(TLSCredentials, Plane)
    }

    /// Contexts kept at most: a node serves its mesh's tags of three days and the codes it has open. Beyond that all are
    /// dropped and made again as needed.
    private static let limit = 64

    private let kept = Mutex<[Key: NIOSSLContext]>([:])

    package init() {}

    /// The context of a listener for one SNI name.
    func server(_ credentials: TLSCredentials, planes: [Plane]) throws(TransportError) -> NIOSSLContext {
        try context(.server(credentials, planes)) { try LaneTLS.server(credentials, planes: planes) }
    }

    /// The context of a dialer.
    func client(_ credentials: TLSCredentials, plane: Plane) throws(TransportError) -> NIOSSLContext {
        try context(.client(credentials, plane)) { try LaneTLS.client(credentials, plane: plane) }
    }

    private func context(
        _ key: Key, _ configuration: () throws -> TLSConfiguration
    ) throws(TransportError) -> NIOSSLContext {
        if let known = kept.withLock({ $0[key] }) { return known }
        do {
            let context = try NIOSSLContext(configuration: configuration())
            kept.withLock { kept in
                if kept.count >= Self.limit { kept.removeAll() }
                kept[key] = context
            }
            return context
        } catch {
            throw .credentials("\(error)")
        }
    }
}
