package import MeshWire

/// The answering end of a negotiation: one question, one answer.
package struct ChannelAnswering: Hashable, Sendable {
    /// What this node grants.
    package struct Policy: Hashable, Sendable {
        /// Lanes at the beginning, 1 to 8; an offer of more is granted this many.
        package var maxLanes: Int
        /// Where we accept lanes, when not at the control link's own address. Told only when we are the listener.
        package var dataHost: String?
        package var dataPort: Int?

        package init(maxLanes: Int = 4, dataHost: String? = nil, dataPort: Int? = nil) {
            self.maxLanes = min(max(maxLanes, 1), Limits.lanes)
            self.dataHost = dataHost
            self.dataPort = dataPort
        }
    }

    package var ends: ChannelEnds
    package var policy: Policy
    /// The highest epoch this channel ever had here; 0 for a new channel.
    package var knownEpoch: UInt32

    package init(ends: ChannelEnds, policy: Policy, knownEpoch: UInt32 = 0) {
        self.ends = ends
        self.policy = policy
        self.knownEpoch = knownEpoch
    }

    /// Checks the offer and accepts it: `status` is to be sent on the control link. A refusal is an error; what the
    /// peer is told then comes from ``rejection(of:because:)``.
    package func answer(
        _ offer: ChannelOffer
    ) throws(NegotiationError) -> (status: ChannelStatus, agreed: AgreedChannel) {
        guard offer.key.count == KeyAgreement.publicKeySize else { throw .keyLength(offer.key.count) }
        guard offer.lanes >= 1, offer.lanes <= Limits.lanes else { throw .lanes(offer.lanes, limit: Limits.lanes) }
        guard offer.epoch > knownEpoch else { throw .staleEpoch(offer.epoch, known: knownEpoch) }
        let (secret, encapsulation) = try KeyAgreement.encapsulate(to: offer.key)
        let lanes = min(offer.lanes, policy.maxLanes)
        let listens = ends.role == .listener
        let outcome = ChannelStatus.Outcome.accepted(
            encapsulation: encapsulation, lanes: lanes, dataHost: listens ? policy.dataHost : nil,
            dataPort: listens ? policy.dataPort : nil)
        let status = ChannelStatus(channel: offer.channel, epoch: offer.epoch, outcome: outcome)
        return (status, AgreedChannel(offer, ends: ends, lanes: lanes, secret: secret, address: nil))
    }

    /// The answer to an offer that was refused.
    package static func rejection(of offer: ChannelOffer, because error: NegotiationError) -> ChannelStatus {
        ChannelStatus(channel: offer.channel, epoch: offer.epoch, outcome: .rejected(error.code))
    }
}

/// Where lanes are dialed, as a peer said it.
struct DataAddress: Hashable, Sendable {
    var host: String?
    var port: Int?

    /// Nothing but what names and addresses are made of; whether it leads anywhere, dialing shows.
    var isPlausible: Bool {
        port.map { (1...65_535).contains($0) } != false && host.map(ControlBounds.isHost) != false
    }
}
