package import MeshWire

/// Why a peer may not be here although its TLS handshake succeeded. The connection closes with this as its reason.
package enum PeerRejection: Error, Hashable, Sendable {
    case otherProtocol(String?)
    case noCertificate
    case certificateUnreadable
    case keyKindUnknown
    case subjectDiffers(NodeID)
    case notYetValid(seconds: Int64)
    case ranOut(seconds: Int64)
    case revoked(NodeID)
    case otherNode(NodeID, expected: NodeID)
    case ourselves
    case noName
}

extension PeerRejection: CustomStringConvertible {
    package var description: String {
        switch self {
        case .otherProtocol(let alpn):
            "the peer speaks \(alpn?.debugDescription ?? "no known protocol") here; run the same pmesh on both machines"
        case .noCertificate: "the peer showed no certificate; run pmesh on the other machine, not another TLS program"
        case .certificateUnreadable: "the peer's certificate cannot be read; have the peer join the mesh again"
        case .keyKindUnknown: "the peer's key is not a P-256 key; run the same version of pmesh on both machines"
        case .subjectDiffers(let node):
            "the peer's certificate was made for another key than that of the node \(node.short); do not trust it"
        case .notYetValid(let seconds):
            "the peer's certificate is valid only in \(Self.span(seconds)); set the clocks of both machines"
        case .ranOut(let seconds):
            "the peer's certificate ran out \(Self.span(seconds)) ago; have it join the mesh again, or set the clocks"
        case .revoked(let node):
            "the node \(node.short) was removed from the mesh; invite it again if that was a mistake"
        case .otherNode(let node, let expected):
            "the peer is the node \(node.short) and not \(expected.short) as expected; check whom you are talking to"
        case .ourselves: "the address leads back to this very node; give the address of another one"
        case .noName: "the peer's certificate carries no member name; have the peer join the mesh again"
        }
    }

    private static func span(_ seconds: Int64) -> String {
        seconds < 7_200
            ? "\(max(seconds / 60, 1)) minutes"
            : seconds < 172_800 ? "\(seconds / 3_600) hours" : "\(seconds / 86_400) days"
    }
}
