/// What one node tells another on the control link. Numbers, enums, identifiers and addresses alone: no file name, no
/// path, no byte of a file. Node names occur in `membership`. ``excess`` bounds the few texts and byte strings.
package enum ControlMessage: Hashable, Sendable {
    /// Clock: four time stamps in two messages (RFC 5905, section 8).
    case sync(ClockSync)
    /// Opens or moves a channel.
    case channelOffer(ChannelOffer)
    /// Answers an offer, or tells what became of a channel.
    case channelStatus(ChannelStatus)
    /// Alive; nothing else to say.
    case heartbeat
    /// The sender's lanes of this epoch passed their test, and this is the channel's fingerprint as it sees it.
    case ready(channel: ChannelID, epoch: UInt32, fingerprint: Bytes32)
    case transfer(TransferControl)
    case membership(MembershipControl)
    /// The node closes this link for a reason.
    case leaving(FailureCode)
    /// A message could not be followed.
    case error(FailureCode, regarding: UInt64)
    /// A type this version does not know; answered with `error`.
    case unknown(type: String)
}

/// Time stamps in nanoseconds since 1970: `origin` when the question left, `received` and `answered` at the other side.
package struct ClockSync: Hashable, Sendable, Codable {
    package var origin: Int64
    package var received: Int64?
    package var answered: Int64?

    package init(origin: Int64, received: Int64? = nil, answered: Int64? = nil) {
        self.origin = origin
        self.received = received
        self.answered = answered
    }
}

/// Which of a channel's two sets of primes names its lanes.
package enum PrimeSetName: String, Hashable, Sendable, Codable, CaseIterable {
    /// The 32 primes 1009…1223: the primary set.
    case standard
    /// The 32 primes 1229…1459: the reserve.
    case high
}

package struct ChannelOffer: Hashable, Sendable, Codable {
    package var channel: ChannelID
    package var epoch: UInt32
    package var set: PrimeSetName
    /// Lanes to begin with, 1 to 8.
    package var lanes: Int
    /// The offering node's X-Wing public key (draft-connolly-cfrg-xwing-kem), 1,216 bytes.
    package var key: [UInt8]

    package init(channel: ChannelID, epoch: UInt32, set: PrimeSetName, lanes: Int, key: [UInt8]) {
        self.channel = channel
        self.epoch = epoch
        self.set = set
        self.lanes = lanes
        self.key = key
    }
}

package struct ChannelStatus: Hashable, Sendable, Codable {
    package enum Outcome: Hashable, Sendable, Codable {
        /// `encapsulation`: 1,120 bytes of X-Wing ciphertext. `dataPort`: where lanes are dialed, when not at the control
        /// link's own port. `dataHost` when not at its address.
        case accepted(encapsulation: [UInt8], lanes: Int, dataHost: String?, dataPort: Int?)
        case rejected(FailureCode)
        case closed(FailureCode)
    }

    package var channel: ChannelID
    package var epoch: UInt32
    package var outcome: Outcome

    package init(channel: ChannelID, epoch: UInt32, outcome: Outcome) {
        self.channel = channel
        self.epoch = epoch
        self.outcome = outcome
    }
}

package struct TransferControl: Hashable, Sendable, Codable {
    package enum Action: Hashable, Sendable, Codable {
        /// Sender: this transfer, on this stream of the channel. Sums are those known so far while `counting`. `piped`: it
        /// is read from a pipe, and nobody can go on with it once a process has ended.
        case offer(stream: UInt16, sums: TransferSums, counting: Bool, piped: Bool = false)
        /// Receiver: go on from this entry of the manifest; the ones before are here.
        case accept(manifestFrom: UInt64)
        case decline(FailureCode)
        case pause
        case cancel
    }

    package var transfer: TransferID
    package var action: Action

    package init(transfer: TransferID, action: Action) {
        self.transfer = transfer
        self.action = action
    }
}

package struct TransferSums: Hashable, Sendable, Codable {
    package var entries: UInt64
    package var files: UInt64
    package var bytes: UInt64
    /// Bytes on the sender's disk: what the receiver must have free.
    package var allocated: UInt64

    package init(entries: UInt64, files: UInt64, bytes: UInt64, allocated: UInt64) {
        self.entries = entries
        self.files = files
        self.bytes = bytes
        self.allocated = allocated
    }
}

package enum MembershipControl: Hashable, Sendable, Codable {
    /// First word on every link, both ways: the name this node goes by, the protocol's version, and which run of the
    /// node it is.
    case introduce(name: String, version: Int, instance: InstanceID)
    /// Code listener: from now on this pair alone; the secret enters every later channel key.
    case pin(secret: Bytes32)
    /// Code dialer: the secret is kept.
    case pinned
    /// Joiner: a certificate signing request (PKCS #10, DER, at most 4 KiB) for this name.
    case request(name: String, csr: [UInt8])
    /// Issuer: the membership (JSON of `MeshTrust.Membership`, at most 64 KiB).
    case grant(membership: [UInt8])
    case refused(FailureCode)
}
