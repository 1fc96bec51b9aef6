import Crypto
package import MeshWire

/// The offering end of a negotiation, from the offer to the answer. Exists once, as its private key must: an answer
/// uses it up.
///
/// ```
/// ChannelOffering ──offer──▶ peer ──ChannelStatus──▶ accepted(_:) ──▶ AgreedChannel
/// ```
package struct ChannelOffering: ~Copyable, Sendable {
    /// To be sent on the control link.
    package let offer: ChannelOffer
    package let ends: ChannelEnds
    private let agreement: KeyAgreement

    /// `epoch` begins at 1 and grows with each negotiation of a channel, agreed or not.
    package init(
        channel: ChannelID, epoch: UInt32, set: PrimeSetName, lanes: Int, ends: ChannelEnds
    ) throws(NegotiationError) {
        guard lanes >= 1, lanes <= Limits.lanes else { throw .lanes(lanes, limit: Limits.lanes) }
        guard epoch > 0 else { throw .staleEpoch(epoch, known: 0) }
        agreement = try KeyAgreement()
        offer = ChannelOffer(channel: channel, epoch: epoch, set: set, lanes: lanes, key: agreement.publicKey)
        self.ends = ends
    }

    /// Whether `status` is about this offer.
    package func isAnswered(by status: ChannelStatus) -> Bool {
        status.channel == offer.channel && status.epoch == offer.epoch
    }

    /// The answer came. Any but a proper acceptance is an error, and the channel needs a new offer.
    package consuming func accepted(_ status: ChannelStatus) throws(NegotiationError) -> AgreedChannel {
        guard isAnswered(by: status) else { throw .otherChannel(status.channel, epoch: status.epoch) }
        switch status.outcome {
        case .rejected(let code): throw .rejected(code)
        case .closed(let code): throw .closed(code)
        case .accepted(let encapsulation, let lanes, let host, let port):
            guard lanes >= 1, lanes <= offer.lanes else { throw .lanes(lanes, limit: offer.lanes) }
            let address = DataAddress(host: host, port: port)
            guard address.isPlausible else { throw .dataAddress }
            let secret = try agreement.secret(from: encapsulation)
            return AgreedChannel(offer, ends: ends, lanes: lanes, secret: secret, address: address)
        }
    }
}

extension AgreedChannel {
    /// The address is the answerer's: of use only where that end is the one that listens.
    init(_ offer: ChannelOffer, ends: ChannelEnds, lanes: Int, secret: SymmetricKey, address: DataAddress?) {
        let order = PrimeSet(offer.set).order(for: ends.local, ends.remote)
        let key = ChannelKey(
            secret: secret, resumeSecret: ends.resumeSecret, channel: offer.channel, epoch: offer.epoch, order: order,
            between: ends.local, ends.remote)
        let dialed = ends.role == .dialer ? address : nil
        self.init(
            channel: offer.channel, epoch: offer.epoch, set: offer.set, primes: order, lanes: lanes, key: key,
            dataHost: dialed?.host, dataPort: dialed?.port, local: ends.local, remote: ends.remote, role: ends.role)
    }
}

extension AgreedChannel {
    /// What a negotiation leads to, for ends that were given their secret: without randomness there is nothing that two
    /// simulated nodes could agree on. `offer`'s public key is not looked at.
    package init(_ offer: ChannelOffer, ends: ChannelEnds, secret: [UInt8]) {
        self.init(
            offer, ends: ends, lanes: offer.lanes, secret: SymmetricKey(data: secret), address: nil)
    }
}
