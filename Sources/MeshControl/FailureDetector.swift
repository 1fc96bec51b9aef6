/// What is believed of a node that a control link leads to. Ordered from well to lost.
package enum PeerStatus: Int, Hashable, Sendable, Comparable {
    case alive
    /// Silent for 15 s: no new work for it, nothing is torn down.
    case suspect
    /// Silent for 30 s: its link is closed. Final; a node that comes back gets a new link and a new detector.
    case dead

    package static func < (left: PeerStatus, right: PeerStatus) -> Bool { left.rawValue < right.rawValue }
}

/// Tells a node that is gone from one that has nothing to say, for one control link.
///
/// ```
///         15 s silent           30 s silent
/// alive ──────────────▶ suspect ────────────▶ dead
///   ▲        heard         │
///   └──────────────────────┘
/// ```
/// Whatever arrives counts as heard: any control frame, any frame of a lane. Silence is measured only while this machine
/// was awake: after a gap between ticks (a suspended laptop, a stopped process) the peer gets its time again.
/// Times are nanoseconds of a clock that never goes back.
package struct FailureDetector: Sendable {
    /// Something is sent at least this often.
    package static let heartbeat: UInt64 = 5_000_000_000
    /// Three heartbeats missing.
    package static let suspicion: UInt64 = 15_000_000_000
    /// Six heartbeats missing.
    package static let death: UInt64 = 30_000_000_000
    /// Ticks come every second; this long without one, and it was we who slept.
    package static let sleep: UInt64 = 5_000_000_000

    package private(set) var status = PeerStatus.alive
    private var heardAt: UInt64
    private var sentAt: UInt64
    private var tickedAt: UInt64

    /// A link that came up at `now`.
    package init(at now: UInt64) {
        heardAt = now
        sentAt = now
        tickedAt = now
    }

    package enum OnHeard: Hashable, Sendable {
        /// Nothing changed.
        case none
        /// A suspect is alive again.
        case recovered
    }

    /// Anything at all arrived from the peer.
    package mutating func heard(at now: UInt64) -> OnHeard {
        heardAt = max(heardAt, now)
        switch status {
        case .alive, .dead: return .none
        case .suspect:
            status = .alive
            return .recovered
        }
    }

    /// Something was sent on the control link; the next heartbeat can wait.
    package mutating func sent(at now: UInt64) { sentAt = max(sentAt, now) }

    /// What is to be done now; both may be.
    package struct OnTick: Hashable, Sendable {
        /// Send a heartbeat.
        package var heartbeat: Bool
        /// The peer's status became this.
        package var became: PeerStatus?

        package init(heartbeat: Bool = false, became: PeerStatus? = nil) {
            self.heartbeat = heartbeat
            self.became = became
        }
    }

    /// To be called every second.
    package mutating func tick(at now: UInt64) -> OnTick {
        let gap = now > tickedAt ? now - tickedAt : 0
        tickedAt = max(tickedAt, now)
        if gap > Self.sleep { heardAt = min(now, heardAt + gap) }
        guard status != .dead else { return OnTick() }
        var answer = OnTick()
        if now >= sentAt, now - sentAt >= Self.heartbeat {
            sentAt = now
            answer.heartbeat = true
        }
        let next = status(afterSilence: now > heardAt ? now - heardAt : 0)
        if next > status {
            status = next
            answer.became = next
        }
        return answer
    }

    private func status(afterSilence silence: UInt64) -> PeerStatus {
        if silence >= Self.death { return .dead }
        return silence >= Self.suspicion ? .suspect : .alive
    }
}
