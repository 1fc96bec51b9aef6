package import MeshWire

/// How a transfer's session came to its end. A driver says it once, the first reason stands, and the driver asks for nothing
/// behind it.
///
/// A stored receipt outlasts the link: where that is gone, or the peer leaves, the transfer is done all the same.
package enum TransferEnd: Sendable {
    /// The receipt is stored here, and the peer has it or will ask for it.
    case done
    /// The peer broke off and said why.
    case told(FailureCode)
    /// This end cannot go on. The error has the disk's or the journal's own words, where there are any.
    case failed(FailureCode, (any Error)? = nil)
    /// The peer broke a rule of the protocol.
    case breach(WireError)

    /// What the peer is told last on the control link, which may arrive before the same word on a lane; nil where the peer
    /// knows, or needs no word.
    package var closeReason: FailureCode? {
        switch self {
        case .done, .told: nil
        case .failed(let code, _): code
        case .breach: .protocolViolation
        }
    }
}
