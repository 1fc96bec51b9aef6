import MeshChannel
import MeshWire

/// A negotiation whose ends were given their secret: a simulated run must be the same every time, and key agreement draws
/// randomness of its own.
struct GivenSecret: ChannelNegotiation {
    private static let secret = [UInt8](repeating: 7, count: 32)

    private let ends: ChannelEnds
    private var offered: ChannelOffer?

    init(ends: ChannelEnds) {
        self.ends = ends
    }

    mutating func offer(_ channel: ChannelID, epoch: UInt32, set: PrimeSetName, lanes: Int) -> ChannelOffer {
        let offer = ChannelOffer(channel: channel, epoch: epoch, set: set, lanes: lanes, key: [])
        offered = offer
        return offer
    }

    mutating func accepted(_ status: ChannelStatus) throws(NegotiationError) -> AgreedChannel {
        guard let offer = offered.take() else { throw .otherChannel(status.channel, epoch: status.epoch) }
        switch status.outcome {
        case .accepted: return AgreedChannel(offer, ends: ends, secret: Self.secret)
        case .rejected(let code): throw .rejected(code)
        case .closed(let code): throw .closed(code)
        }
    }

    func answer(
        _ offer: ChannelOffer, knownEpoch: UInt32
    ) throws(NegotiationError) -> (status: ChannelStatus, agreed: AgreedChannel) {
        guard offer.epoch > knownEpoch else { throw .staleEpoch(offer.epoch, known: knownEpoch) }
        let outcome = ChannelStatus.Outcome.accepted(
            encapsulation: [], lanes: offer.lanes, dataHost: nil, dataPort: nil)
        let status = ChannelStatus(channel: offer.channel, epoch: offer.epoch, outcome: outcome)
        return (status, AgreedChannel(offer, ends: ends, secret: Self.secret))
    }
}
