package import MeshWire

/// Why a connection could not be made, or the node could not listen.
package enum TransportError: Error, Hashable, Sendable {
    /// No address belongs to the host name.
    case nameNotFound(NodeAddress)
    /// The machine is there, and nothing listens on the port.
    case refused(NodeAddress)
    /// No way leads there; the system's own words.
    case unreachable(NodeAddress, String)
    /// Nobody answered, or a handshake took too long.
    case timedOut(NodeAddress)
    /// The connection broke off.
    case interrupted(NodeAddress, String)
    /// The other side does not know the code or the mesh that we named.
    case unknownAuthority(NodeAddress)
    /// A certificate was not accepted, theirs by us or ours by them.
    case untrusted(NodeAddress)
    /// The other side is not a pmesh, or one of another version.
    case incompatible(NodeAddress, String)
    /// Our own certificate or key cannot be used.
    case credentials(String)
    /// The peer refused a lane.
    case laneRefused(FailureCode)
    /// A lane ended before its handshake did.
    case laneClosed(LaneClosure)
    /// A control message of ours exceeds the limit.
    case oversized(Int)
    /// The link was closed by us, or by the peer with no reason given.
    case closed
    /// The peer broke a rule of the control link.
    case violation(String)
    case cannotListen(NodeAddress, String)
    /// The folder of local meeting points cannot be used.
    case rendezvous(String)

    /// Trying again later may help without anybody doing anything.
    package var isRetryable: Bool {
        switch self {
        case .nameNotFound, .refused, .unreachable, .timedOut, .interrupted, .closed, .laneClosed: true
        case .unknownAuthority, .untrusted, .incompatible, .credentials, .laneRefused, .oversized, .violation,
            .cannotListen, .rendezvous:
            false
        }
    }
}

extension TransportError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .nameNotFound(let address):
            "the name \(address.host) cannot be found; check its spelling, or give the machine's IP address"
        case .refused(let address):
            "nothing listens at \(address); start pmesh on that machine, or check the port"
        case .unreachable(let address, let reason):
            "\(address) cannot be reached (\(reason)); check the network and that machine's firewall"
        case .timedOut(let address):
            "\(address) did not answer in time; check that the machine is on and its firewall lets the port through"
        case .interrupted(let address, let reason): "the connection with \(address) broke off (\(reason)); try again"
        case .unknownAuthority(let address):
            "\(address) does not know this code or mesh; check the code, or have both machines join the same mesh"
        case .untrusted(let address):
            "\(address) and this node do not accept each other's certificates; check that both use the same code or mesh, and the clocks of both"
        case .incompatible(let address, let reason):
            "\(address) speaks another protocol (\(reason)); run the same version of pmesh on both machines"
        case .credentials(let reason):
            "this node's own certificate cannot be used (\(reason)); join the mesh again, or make a new code"
        case .laneRefused(let code): "the peer refused a lane of the channel (\(code)); the channel is opened anew"
        case .laneClosed(let closure): closure.description
        case .oversized(let count):
            "a control message of \(count) bytes exceeds the limit of \(Limits.control); send it in parts"
        case .closed: "the control link is closed; it is dialed again while the node runs"
        case .violation(let reason): "\(reason), so its link was closed; run the same version of pmesh on both machines"
        case .cannotListen(let address, let reason):
            "cannot listen at \(address) (\(reason)); choose another address or port with --listen"
        case .rendezvous(let reason): "nodes on this machine cannot find each other: \(reason)"
        }
    }
}
