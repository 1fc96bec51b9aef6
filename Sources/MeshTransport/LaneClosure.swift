package import MeshChannel
package import MeshWire

/// Why a lane ended. Its last event.
package enum LaneClosure: Error, Hashable, Sendable {
    /// We closed it, having no more use for it.
    case done
    /// The peer closed it in TLS.
    case peerClosed
    /// The connection broke off.
    case interrupted(String)
    /// The peer did not accept our certificate.
    case untrusted
    /// The lane's handshake took too long.
    case timedOut
    /// The peer refused the lane.
    case refused(FailureCode)
    /// The peer failed the lane's handshake.
    case opening(LaneOpeningError)
    /// The peer sent what no frame may be.
    case violation(WireError)
    /// The peer broke the rule of credit.
    case credit(LaneCreditError)
    /// The peer sends and does not read.
    case unread(LaneOutboxError)
    /// Our own side sent more chunk bytes than the peer granted: a fault of this program.
    case overspent(UInt64)
}

extension LaneClosure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .done: "the lane was closed"
        case .peerClosed: "the peer closed the lane; another one is dialed while there is work"
        case .interrupted(let reason): "the lane broke off (\(reason)); another one is dialed"
        case .untrusted: "the peer does not accept this node's certificate; check that both are in the same mesh"
        case .timedOut: "the lane's handshake took too long; another one is dialed"
        case .refused(let code): "the peer refused the lane (\(code)); it is dialed again where that can help"
        case .opening(let error): error.description
        case .violation(let error): "\(error), so the lane was closed; run the same version of pmesh on both machines"
        case .credit(let error): error.description
        case .unread(let error): error.description
        case .overspent(let excess):
            "this node sent \(excess) chunk bytes beyond a lane's credit, so the lane was closed; please report this fault"
        }
    }
}
