package import MeshWire

/// How the ends of a link come to their one channel, and from epoch to epoch: offer, answer, test, and `ready` from both
/// before work flows.
///
/// ```
///  dialer                                    listener
///    channel-offer(epoch) ──────────────────▶
///    agreed  ◀────────────── channel-status    agreed
///            (a lane is tested)
///    ready(epoch, fingerprint) ─────────────▶
///            ◀───────────── ready(epoch, fingerprint)
///    open(epoch)                               open(epoch)
/// ```
/// It owns the agreed channel, the offer under way and the `ready`s of both ends. The channel's owner tells it what arrives and
/// carries out what it says. In an epoch that is not open no transfer works: both ends have to derive the same fingerprint
/// first, in the first epoch and after each recovery.
///
/// The channel outlives a link. On the next one both ends say `ready` once more, and compare what they have of the channel:
/// one that knows another one, or none, has begun anew, and the channel is over. Lanes that live work on meanwhile.
package struct ChannelAgreement {
    package enum Instruction: Hashable, Sendable {
        case say(ControlMessage)
        /// The channel begins, or moves to its next epoch: lanes are dialed and tested.
        case agreed(AgreedChannel)
        /// Both ends tested this epoch and derived the same state.
        case open(epoch: UInt32)
        /// The link gets no channel.
        case failed(NegotiationError)
        /// The next epoch was not agreed on: `ChannelSession` asks for another one in its time.
        case recoveryFailed
        /// The peer broke a rule; this side parts and says why.
        case refuse(FailureCode)
        /// The peer has forgotten the channel, and begins anew with another.
        case superseded
    }

    private let role: ChannelRole
    private var negotiation: any ChannelNegotiation
    private var agreed: AgreedChannel?
    /// The offer that waits for its answer.
    private var offered: (channel: ChannelID, epoch: UInt32)?
    /// The epochs that this end and the peer have tested; 0 before the first.
    private var tested: UInt32 = 0
    private var peerTested: UInt32 = 0
    /// A link has come in the place of a lost one, and the peer has not said yet what it has of the channel.
    private var awaitsWord = false

    package init(role: ChannelRole, negotiation: any ChannelNegotiation) {
        self.role = role
        self.negotiation = negotiation
    }

    /// Whether transfers may work in the epoch that holds now.
    package var isOpen: Bool { agreed.map { tested == $0.epoch && peerTested == $0.epoch } ?? false }

    // MARK: this end

    /// Dialer: the link's channel.
    package mutating func begin(_ channel: ChannelID, lanes: Int) -> [Instruction] {
        offer(channel, epoch: 1, set: .standard, lanes: lanes)
    }

    /// Dialer: no lane is left, and `ChannelSession` wants this epoch.
    package mutating func recover(epoch: UInt32, set: PrimeSetName) -> [Instruction] {
        guard let agreed else { return [] }
        return offer(agreed.channel, epoch: epoch, set: set, lanes: agreed.lanes)
    }

    /// A lane of this epoch passed the channel's test.
    package mutating func passed(epoch: UInt32) -> [Instruction] {
        guard let agreed, agreed.epoch == epoch else { return [] }
        tested = epoch
        return [.say(.ready(channel: agreed.channel, epoch: epoch, fingerprint: agreed.fingerprint))] + opened()
    }

    /// Another link is there in the place of one that was lost.
    package mutating func relinked() -> [Instruction] {
        guard let agreed else { return [] }
        offered = nil
        awaitsWord = true
        return [.say(.ready(channel: agreed.channel, epoch: tested, fingerprint: agreed.fingerprint))]
    }

    private mutating func offer(
        _ channel: ChannelID, epoch: UInt32, set: PrimeSetName, lanes: Int
    ) -> [Instruction] {
        do throws(NegotiationError) {
            let offer = try negotiation.offer(channel, epoch: epoch, set: set, lanes: lanes)
            offered = (channel, epoch)
            return [.say(.channelOffer(offer))]
        } catch {
            return [agreed == nil ? .failed(error) : .recoveryFailed]
        }
    }

    // MARK: the peer

    package mutating func heard(_ offer: ChannelOffer) -> [Instruction] {
        guard role == .listener else { return [.refuse(.protocolViolation)] }
        // One channel for a link: lanes of another one would be lanes that nobody counts.
        guard agreed == nil || agreed?.channel == offer.channel else {
            return [awaitsWord ? .superseded : .refuse(.tooMany)]
        }
        awaitsWord = false
        do throws(NegotiationError) {
            let answer = try negotiation.answer(offer, knownEpoch: agreed?.epoch ?? 0)
            agreed = answer.agreed
            return [.agreed(answer.agreed), .say(.channelStatus(answer.status))]
        } catch {
            return [.say(.channelStatus(ChannelAnswering.rejection(of: offer, because: error)))]
        }
    }

    /// An answer to an older offer says nothing any more.
    package mutating func heard(_ status: ChannelStatus) -> [Instruction] {
        if awaitsWord, case .closed = status.outcome, status.channel == agreed?.channel { return [.superseded] }
        guard let offered, offered == (status.channel, status.epoch) else { return [] }
        self.offered = nil
        do throws(NegotiationError) {
            let agreed = try negotiation.accepted(status)
            self.agreed = agreed
            return [.agreed(agreed)]
        } catch {
            return [agreed == nil ? .failed(error) : .recoveryFailed]
        }
    }

    package mutating func heardReady(_ channel: ChannelID, epoch: UInt32, fingerprint: Bytes32) -> [Instruction] {
        guard let agreed else { return [.say(.channelStatus(Self.unknown(channel, epoch: epoch)))] }
        guard agreed.channel == channel, agreed.epoch == epoch else { return awaitsWord ? [.superseded] : [] }
        guard fingerprint == agreed.fingerprint else { return [.refuse(.identity)] }
        guard peerTested != epoch || awaitsWord else { return [] }
        awaitsWord = false
        peerTested = epoch
        return opened()
    }

    /// Work arrived on a lane of this epoch. A peer works once it has heard this end's `ready` and compared it; its own may
    /// still be under way on the link.
    package mutating func heardWork(epoch: UInt32) -> [Instruction] {
        guard let agreed, agreed.epoch == epoch, !isOpen else { return [] }
        guard tested == agreed.epoch else { return [.refuse(.protocolViolation)] }
        peerTested = agreed.epoch
        return opened()
    }

    private static func unknown(_ channel: ChannelID, epoch: UInt32) -> ChannelStatus {
        ChannelStatus(channel: channel, epoch: epoch, outcome: .closed(.unknown))
    }

    private func opened() -> [Instruction] { isOpen ? [.open(epoch: tested)] : [] }
}
