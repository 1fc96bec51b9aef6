package import MeshWire

/// Why a lane's handshake failed. The connection is closed.
package enum LaneOpeningError: Error, Hashable, Sendable {
    /// The peer does not know the channel's key: not the node that agreed on the channel, or of another epoch.
    case wrongProof(LaneName)
    /// The peer said something else than the step that was due.
    case unexpected(due: String)
    /// The key is not of the channel and epoch that the lane named.
    case otherChannel(LaneName)
    case refused(FailureCode)

    /// What the peer is told; nil where it closed the lane itself.
    package var code: FailureCode? {
        switch self {
        case .wrongProof: .identity
        case .unexpected: .protocolViolation
        case .otherChannel: .unknown
        case .refused: nil
        }
    }
}

extension LaneOpeningError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .wrongProof(let name):
            "the peer could not prove that lane \(name.prime).\(name.generation) belongs to the channel; it was closed"
        case .unexpected(let due): "the peer sent something else where a lane's \(due) was due; the lane was closed"
        case .otherChannel(let name):
            "lane \(name.prime).\(name.generation) is of epoch \(name.epoch), not of this channel's; it was closed"
        case .refused(let code): "the peer refused the lane (\(code)); it is dialed again where that can help"
        }
    }
}
