package import MeshWire

/// Why a channel was not agreed.
package enum NegotiationError: Error, Hashable, Sendable {
    /// The peer's X-Wing public key has a wrong length.
    case keyLength(Int)
    /// The peer's X-Wing public key has the right length and is none.
    case keyUnusable
    case encapsulationLength(Int)
    /// The cryptographic library failed on our side.
    case keyAgreementFailed
    /// Outside 1 to 8, or more than were offered.
    case lanes(Int, limit: Int)
    /// Not greater than the epoch this channel had before: a replay, or an offer that was overtaken.
    case staleEpoch(UInt32, known: UInt32)
    /// The answer is for another channel or epoch than the offer.
    case otherChannel(ChannelID, epoch: UInt32)
    /// The peer named an address for lanes that cannot be one.
    case dataAddress
    case rejected(FailureCode)
    case closed(FailureCode)

    /// What to answer an offer with that was refused for this reason.
    package var code: FailureCode {
        switch self {
        case .keyLength, .keyUnusable, .encapsulationLength, .lanes, .otherChannel, .dataAddress: .protocolViolation
        case .staleEpoch: .busy
        case .keyAgreementFailed: .unsupported
        case .rejected(let code), .closed(let code): code
        }
    }
}

extension NegotiationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .keyLength(let count):
            "the peer's channel key has \(count) bytes instead of \(KeyAgreement.publicKeySize); update the older node"
        case .keyUnusable: "the peer's channel key is not an X-Wing key; update the older node"
        case .encapsulationLength(let count):
            "the peer's secret has \(count) bytes instead of \(KeyAgreement.encapsulationSize); update the older node"
        case .keyAgreementFailed: "no channel key could be made on this node; try again"
        case .lanes(let count, let limit):
            "the peer wants a channel of \(count) lanes where 1 to \(limit) are allowed; update the older node"
        case .staleEpoch(let epoch, let known):
            "the peer offered the channel's epoch \(epoch) where \(known) is known already; it will offer a later one"
        case .otherChannel(let channel, let epoch):
            "the peer answered for channel \(channel), epoch \(epoch), which was not offered; connect again"
        case .dataAddress: "the peer named an unusable address for lanes; check its --data-listen"
        case .rejected(let code): "the peer rejected the channel (\(code)); see its log"
        case .closed(let code): "the peer closed the channel (\(code)); connect again"
        }
    }
}
