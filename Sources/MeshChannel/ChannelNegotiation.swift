package import MeshWire

/// What the epochs of a channel are agreed on with: the key agreement of a node, or in a simulation the secret that both
/// ends were given. A link owns one and hands it to its `ChannelAgreement`.
package protocol ChannelNegotiation {
    /// A fresh offer; an older one that was not answered is void.
    mutating func offer(
        _ channel: ChannelID, epoch: UInt32, set: PrimeSetName, lanes: Int
    ) throws(NegotiationError) -> ChannelOffer

    /// The answer to the last offer, which it uses up.
    mutating func accepted(_ status: ChannelStatus) throws(NegotiationError) -> AgreedChannel

    /// Accepts the peer's offer. `knownEpoch`: the highest that this channel ever had here, 0 for a new one.
    func answer(
        _ offer: ChannelOffer, knownEpoch: UInt32
    ) throws(NegotiationError) -> (status: ChannelStatus, agreed: AgreedChannel)
}

/// The negotiation of a node, by X-Wing (`KeyAgreement`).
package final class KeyNegotiation: ChannelNegotiation {
    private let ends: ChannelEnds
    private let policy: ChannelAnswering.Policy
    /// The offer that waits for its answer. It exists once, as its private key must.
    private var offering: ChannelOffering?

    package init(ends: ChannelEnds, policy: ChannelAnswering.Policy) {
        self.ends = ends
        self.policy = policy
    }

    package func offer(
        _ channel: ChannelID, epoch: UInt32, set: PrimeSetName, lanes: Int
    ) throws(NegotiationError) -> ChannelOffer {
        let fresh = try ChannelOffering(channel: channel, epoch: epoch, set: set, lanes: lanes, ends: ends)
        let offer = fresh.offer
        offering = consume fresh
        return offer
    }

    package func accepted(_ status: ChannelStatus) throws(NegotiationError) -> AgreedChannel {
        guard let offering = offering.take() else {
            throw .otherChannel(status.channel, epoch: status.epoch)
        }
        return try offering.accepted(status)
    }

    package func answer(
        _ offer: ChannelOffer, knownEpoch: UInt32
    ) throws(NegotiationError) -> (status: ChannelStatus, agreed: AgreedChannel) {
        try ChannelAnswering(ends: ends, policy: policy, knownEpoch: knownEpoch).answer(offer)
    }
}
