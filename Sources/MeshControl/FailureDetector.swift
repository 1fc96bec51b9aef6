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
/// A link is judged by its own frames alone: a peer whose lanes are heard may have lost this link all the same. Silence
/// counts only while this machine was awake: one that answers a deadline more than a second late slept for the difference
/// (a suspended laptop, a stopped process), and the peer gets its time again.
///
/// Whoever talks over the link owns it, and calls ``tick(at:)`` at ``nextDeadline``. Times are nanoseconds of a clock that
/// never goes back.
package struct FailureDetector: Sendable {
    /// Something is sent at least this often.
    package static let heartbeat: UInt64 = 5_000_000_000
    /// Three heartbeats missing.
    package static let suspicion: UInt64 = 15_000_000_000
    /// Six heartbeats missing.
    package static let death: UInt64 = 30_000_000_000
    /// Timers are this late on a busy machine that is awake.
    package static let lateness: UInt64 = 1_000_000_000

    package private(set) var status = PeerStatus.alive
    private var heardAt: UInt64
    private var sentAt: UInt64

    /// A link that came up at `now`.
    package init(at now: UInt64) {
        heardAt = now
        sentAt = now
    }

    /// When something is to be done next; nil for a dead link.
    package var nextDeadline: UInt64? {
        switch status {
        case .alive: min(sentAt + Self.heartbeat, heardAt + Self.suspicion)
        case .suspect: min(sentAt + Self.heartbeat, heardAt + Self.death)
        case .dead: nil
        }
    }

    package enum OnHeard: Hashable, Sendable {
        /// Nothing changed.
        case none
        /// A suspect is alive again.
        case recovered
    }

    /// Anything at all arrived on the link.
    package mutating func heard(at now: UInt64) -> OnHeard {
        heardAt = max(heardAt, now)
        guard status == .suspect else { return .none }
        status = .alive
        return .recovered
    }

    /// Something was sent on the link; the next heartbeat can wait.
    package mutating func sent(at now: UInt64) { sentAt = max(sentAt, now) }

    /// What is to be done now; both may be.
    package struct OnTick: Hashable, Sendable {
        /// Send a heartbeat.
        package var heartbeat: Bool
        /// The link's status became this.
        package var became: PeerStatus?

        package init(heartbeat: Bool = false, became: PeerStatus? = nil) {
            self.heartbeat = heartbeat
            self.became = became
        }
    }

    /// To be called at the deadline; earlier it changes nothing.
    package mutating func tick(at now: UInt64) -> OnTick {
        guard let deadline = nextDeadline, now >= deadline else { return OnTick() }
        if now - deadline > Self.lateness { heardAt = min(now, heardAt + (now - deadline)) }
        var answer = OnTick()
        if now >= sentAt + Self.heartbeat {
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
