package import MeshWire

/// The life of one channel between two nodes: its lanes are dialed, tested, watched, renewed, replaced, and the whole
/// channel moves to its other prime set when none is left.
///
/// ```
///           start             first echo              no lane for its grace
///   idle ──────────▶ opening ───────────▶ open ─────────────────────────────▶ recovering
///                       ▲  │ .opened        │  .recover(epoch + 1, other set)   │    │
///                       │  └──no lane for its grace──▶ recovering               │    │ patience ends
///                       └──────────────── recovered(AgreedChannel) ─────────────┘    ▼
///   any ──close──▶ closed                                                      .lost ▶ closed
/// ```
/// Both ends run one. The dialer dials, renews, grows and asks for recovery; the listener admits, and both watch the
/// health of all lanes. Time is monotonic nanoseconds; chance (for backoff) comes from the generator that is passed in.
/// Events about lanes that are gone are harmless and answered with nothing.
package struct ChannelSession: Equatable, Sendable {
    package enum Instruction: Hashable, Sendable {
        /// Dialer: open this lane at that time, and report ``laneOpened(_:now:)`` or `laneFailed`. Void as soon as
        /// ``isWanted(_:)`` says no.
        case dial(LaneName, at: UInt64)
        /// Send `ChannelTest.probe` with this number, before anything else that waits.
        case probe(LaneName, number: UInt64)
        /// Close this lane at once; nothing more will be said of it. Chunks under way on it are to be sent again. With
        /// `timedOut` nobody answers on it: no goodbye is waited for.
        case close(LaneName, FailureCode)
        /// Ask the system how often TCP sent the lane's oldest bytes again, and report it by ``repeated(_:count:now:)``.
        case examine(LaneName)
        /// Send `ChannelTest.drain`, give the lane no new work, close it when what is under way has ended.
        case drain(LaneName)
        /// A lane of this epoch passed its channel test: tell the peer `ready`; transfers may go on. Said
        /// again where an epoch was left by all its lanes and found one again.
        case opened(epoch: UInt32)
        /// Dialer: negotiate the channel anew over the control link, then report `recovered` or `recoveryFailed`. Given
        /// again with a later epoch when neither came in time.
        case recover(epoch: UInt32, set: PrimeSetName)
        /// Nothing helped for as long as patience lasts; the session is over.
        case lost
    }

    enum Phase: Hashable, Sendable {
        case idle
        case opening
        case open
        case recovering
        case closed
    }

    /// A lane is renewed after this many bytes: 2^22 full records, a fifth of the 2^24.5 that one AES-GCM key may seal
    /// (RFC 8446, section 5.5), so that little of the past hangs on one key.
    package static let renewalBytes: UInt64 = 64 << 30
    /// A lane is renewed after this time, nanoseconds.
    package static let renewalAge: UInt64 = 3_600_000_000_000
    /// A drained lane that still is up after this time is closed, nanoseconds.
    package static let drainGrace: UInt64 = 60_000_000_000
    /// Lanes up at the listener at most: all of a channel's, and half as many that are drained while their successors are
    /// up. A lane can make its listener hold two unfinished chunks of 4 MiB: twelve, 96 MiB.
    package static let lanesUp = Limits.lanes + Limits.lanes / 2
    /// Without any lane for this long, a channel that was open is recovered, nanoseconds: a handful of dials.
    package static let recoveryGrace: UInt64 = 5_000_000_000
    /// The same before the first lane of an epoch was up: one handshake may take 10 s.
    package static let openingGrace: UInt64 = 15_000_000_000
    /// What a scout waits for before it is dialed again at most, and for its connection at least, nanoseconds. TCP itself
    /// asks twice within the latter, and after it ever more seldom.
    package static let scoutPause: UInt64 = 500_000_000
    package static let scoutLimit: UInt64 = 2_000_000_000
    /// Any other dial is given up after this time, nanoseconds.
    package static let dialLimit: UInt64 = 10_000_000_000
    /// An offer is answered within this time, nanoseconds.
    package static let answerTime: UInt64 = 10_000_000_000

    /// What holds now.
    package internal(set) var agreed: AgreedChannel
    /// Lanes that are up, draining ones included.
    package internal(set) var lanes: [LaneState] = []
    package internal(set) var counters: ChannelCounters
    /// How long to try without any lane before the channel is lost, nanoseconds; nil: for ever.
    let patience: UInt64?
    var phase = Phase.idle
    var slots: [LaneSlot]
    var growth: LaneGrowth
    /// The lane that is dialed beside dead ones, or while none is left, to learn when there is a path again.
    var scout: LaneName?
    var nextProbeNumber: UInt64 = 0
    var lastTick: UInt64 = 0
    /// The last echo's round trip on any lane, nanoseconds.
    var latency: UInt64?
    /// Since when no lane takes work.
    var lanelessSince: UInt64?
    /// Since when the channel has not passed a channel test with a lane it still has.
    var outageSince: UInt64?
    /// When to ask for recovery again.
    var recoverAgainAt: UInt64?
    var recoveryBackoff = Backoff()
    /// The latest epoch and set that were agreed on or asked for.
    var offeredEpoch: UInt32
    var offeredSet: PrimeSetName

    package init(_ agreed: AgreedChannel, patience: UInt64? = nil) {
        self.agreed = agreed
        self.patience = patience
        counters = ChannelCounters(epoch: agreed.epoch)
        slots = Self.slots(of: agreed)
        growth = LaneGrowth(lanes: agreed.lanes)
        offeredEpoch = agreed.epoch
        offeredSet = agreed.set
    }

    static func slots(of agreed: AgreedChannel) -> [LaneSlot] {
        agreed.primes.prefix(Limits.lanes).map { LaneSlot(prime: $0) }
    }

    package mutating func start(now: UInt64) -> [Instruction] {
        precondition(phase == .idle, "a channel is started once")
        outageSince = now
        return beginEpoch(now: now)
    }

    /// The channel ends here: by a person, by a rule, or since the node goes down.
    package mutating func close(_ reason: FailureCode) -> [Instruction] {
        phase = .closed
        defer { lanes = [] }
        return lanes.map { .close($0.name, reason) }
    }

    /// Whether the channel has passed its test in this epoch and has a lane.
    package var isOpen: Bool { phase == .open && lanelessSince == nil }
    package var isClosed: Bool { phase == .closed }

    /// Whether this lane is still to be dialed, or its handshake still to be finished.
    package func isWanted(_ name: LaneName) -> Bool {
        guard isRunning, let index = slot(of: name) else { return false }
        return slots[index].pending == name.generation
    }

    /// How long the connection of this lane may take, nanoseconds. A scout that got no answer is dialed anew, so that one
    /// leaves within a second of the path's return; a path that is slow has its time.
    package func connectLimit(_ name: LaneName) -> UInt64 {
        name == scout ? min(max(Self.scoutLimit, 4 * (latency ?? 0)), Self.dialLimit) : Self.dialLimit
    }

    /// Lanes that new work may go to. Where all are poor, the poor ones: a slow channel is better than none.
    package var workingLanes: [LaneName] {
        let open = lanes.filter { !$0.isDraining }
        let good = open.filter { $0.health.verdict == .good }
        return (good.isEmpty ? open : good).map(\.name)
    }

    /// When to call `tick` at the latest; nil where nothing is to be waited for.
    package var nextDeadline: UInt64? {
        var deadlines: [UInt64] = []
        if isRunning, !lanes.isEmpty {
            deadlines.append(lastTick + AwakeClock.cadence)
            deadlines += lanes.map(\.nextProbe)
        }
        switch phase {
        case .opening, .open:
            if let since = lanelessSince { deadlines.append(since + grace) }
        case .recovering:
            if let again = recoverAgainAt { deadlines.append(again) }
            if let outageSince, let patience { deadlines.append(outageSince + patience) }
        case .idle, .closed: break
        }
        return deadlines.min()
    }

    var isRunning: Bool {
        switch phase {
        case .opening, .open, .recovering: true
        case .idle, .closed: false
        }
    }

    var isDialer: Bool { agreed.role == .dialer }

    var grace: UInt64 { phase == .open ? Self.recoveryGrace : Self.openingGrace }

    /// The slot of a lane of this channel and epoch.
    func slot(of name: LaneName) -> Int? {
        guard name.channel == agreed.channel, name.epoch == agreed.epoch else { return nil }
        return slots.firstIndex { $0.prime == name.prime }
    }
}
