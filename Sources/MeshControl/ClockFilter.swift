package import MeshWire

/// How far the other clock is ahead of ours, measured with four time stamps (RFC 5905, section 8).
///
/// ```
/// them      received ── answered
///             ╱             ╲
/// us      origin          returned
///
/// offset = ((received − origin) + (answered − returned)) / 2
/// delay  =  (returned − origin) − (answered − received)
/// ```
/// Of the last eight samples the one of least delay counts (section 10): waiting in queues only ever adds delay, and what
/// it adds one way is the error of the offset. Our departure from the RFC: no dispersion and no disciplined clock, since
/// the offset is shown and used for comparing times, and no clock is set by it.
/// Times are nanoseconds since 1970, each by the clock of the node that took it.
package struct ClockFilter: Sendable {
    /// A question every 30 s.
    package static let interval: UInt64 = 30_000_000_000
    /// Samples kept: the shift register of RFC 5905, figure 10.
    package static let depth = 8
    /// A round trip beyond this says nothing about clocks.
    package static let delayLimit: Int64 = 10_000_000_000
    /// Drift is told from samples at least this far apart: 1 ms of error in an offset is then 17 parts in a million.
    private static let baseline: Int64 = 60_000_000_000

    /// What is known about the other clock.
    package struct Estimate: Hashable, Sendable {
        /// Their clock less ours, nanoseconds.
        package var offset: Int64
        /// Round trip less the time spent at the other side, nanoseconds. The offset is off by at most half of it.
        package var delay: Int64
        /// How many nanoseconds their clock gains on ours in a second; nil until there is a minute of samples.
        package var drift: Int64?

        package init(offset: Int64, delay: Int64, drift: Int64?) {
            self.offset = offset
            self.delay = delay
            self.drift = drift
        }
    }

    private struct Sample: Sendable {
        var offset: Int64
        var delay: Int64
        /// When the answer returned, by our clock.
        var time: Int64
    }

    private var samples: [Sample] = []
    private var asked: Int64?

    package init() {}

    /// The question to send at `now`. An earlier one still open is given up.
    package mutating func ask(at now: Int64) -> ClockSync {
        asked = now
        return ClockSync(origin: now)
    }

    /// The answer to a question that came in at `received` and is answered at `now`.
    package static func answer(_ question: ClockSync, received: Int64, at now: Int64) -> ClockSync {
        ClockSync(origin: question.origin, received: received, answered: now)
    }

    package enum OnAnswer: Hashable, Sendable {
        /// A sample more; this is what all of them say now.
        case measured(Estimate)
        /// Not the answer to the open question, or a second one.
        case unasked
        /// Time stamps that cannot be, or a round trip too long to learn from.
        case useless
    }

    /// The answer came back at `now`.
    package mutating func heard(_ answer: ClockSync, at now: Int64) -> OnAnswer {
        guard let received = answer.received, let answered = answer.answered else { return .useless }
        guard asked == answer.origin else { return .unasked }
        asked = nil
        guard let sample = Self.sample(answer.origin, received, answered, now) else { return .useless }
        if samples.count == Self.depth { samples.removeFirst() }
        samples.append(sample)
        return estimate.map(OnAnswer.measured) ?? .useless
    }

    /// What the samples say; nil before the first.
    package var estimate: Estimate? {
        guard let best = Self.best(samples[...]) else { return nil }
        return Estimate(offset: best.offset, delay: best.delay, drift: drift)
    }

    /// 128-bit arithmetic: the other side's stamps may be any 64-bit numbers.
    private static func sample(_ origin: Int64, _ received: Int64, _ answered: Int64, _ returned: Int64) -> Sample? {
        guard returned >= origin, answered >= received else { return nil }
        let there = Int128(answered) - Int128(received)
        // Clocks of different step may make this a little less than nothing.
        let delay = max(0, Int128(returned) - Int128(origin) - there)
        guard delay <= Int128(delayLimit), there <= Int128(delayLimit) else { return nil }
        let offset = (Int128(received) - Int128(origin) + Int128(answered) - Int128(returned)) / 2
        guard let offset = Int64(exactly: offset) else { return nil }
        return Sample(offset: offset, delay: Int64(delay), time: returned)
    }

    /// Of equal delays the newest.
    private static func best(_ samples: ArraySlice<Sample>) -> Sample? {
        samples.reversed().min { $0.delay < $1.delay }
    }

    /// From the best sample of the older half to the best of the newer one.
    private var drift: Int64? {
        guard let old = Self.best(samples.prefix(samples.count / 2)),
            let new = Self.best(samples.suffix(samples.count - samples.count / 2)),
            new.time > old.time, new.time - old.time >= Self.baseline
        else { return nil }
        let gained = (Int128(new.offset) - Int128(old.offset)) * 1_000_000_000
        return Int64(clamping: gained / Int128(new.time - old.time))
    }
}
