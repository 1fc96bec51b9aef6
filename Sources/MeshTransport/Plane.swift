/// Which of a node's two planes a connection belongs to, settled by ALPN in its TLS handshake.
package enum Plane: String, Hashable, Sendable, CaseIterable {
    /// Small messages that never hold user data: ``ControlLink``.
    case control = "pmesh-control/1"
    /// User data: ``Lane``.
    case lane = "pmesh-lane/1"

    /// The protocol's name in ALPN.
    package var alpn: String { rawValue }
}
