/// What must happen on a new link, and until when: a channel is agreed on, and a transfer is offered. Whoever is silent
/// holds a place that others wait for.
///
/// Times are nanoseconds of a clock that never goes back.
package struct LinkDeadlines: Sendable {
    /// Introduction, pin and channel, and after them the offer, take this long at most, each.
    package static let limit: UInt64 = 15_000_000_000

    /// What did not come in time.
    package enum Overdue: Hashable, Sendable {
        case channel, offer
    }

    private enum State {
        case agreeing(by: UInt64)
        case offering(by: UInt64)
        case free
    }

    private var state: State
    /// This side has tested a later epoch of the channel, and the peer is to say that it has, too.
    private var readyBy: UInt64?

    package init(now: UInt64) {
        state = .agreeing(by: now + Self.limit)
    }

    /// The channel works. `awaitsOffer`: the peer is to offer a transfer now.
    package mutating func channelOpened(awaitsOffer: Bool, now: UInt64) {
        readyBy = nil
        guard case .agreeing = state else { return }
        state = awaitsOffer ? .offering(by: now + Self.limit) : .free
    }

    /// A later epoch is tested here and not opened yet.
    package mutating func awaitsReady(now: UInt64) { readyBy = readyBy ?? now + Self.limit }

    /// The channel is agreed on anew: the peer has nothing to say of the epoch before.
    package mutating func recovers() { readyBy = nil }

    /// The offer came: what follows, a person's answer first, takes as long as it takes.
    package mutating func offered() {
        if case .offering = state { state = .free }
    }

    package func overdue(now: UInt64) -> Overdue? {
        if let readyBy, now > readyBy { return .channel }
        return switch state {
        case .agreeing(let deadline): now > deadline ? .channel : nil
        case .offering(let deadline): now > deadline ? .offer : nil
        case .free: nil
        }
    }
}
