/// How well one lane does: the share of its last 32 frames and echoes that came through in time, how long it has been
/// silent, and how long an echo takes.
///
/// Digest failures are not counted here: they belong to the transfer, since TLS already keeps a lane's bytes whole.
package struct LaneHealth: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        case good
        /// Below 0.7: what is under way goes on, new work goes to other lanes.
        case noNewWork
        /// Below 0.5, or silent for 30 s: the lane is closed and dialed anew.
        case replace
    }

    /// Results that count.
    package static let window = 32
    /// Below this many results the score decides nothing: one slow write at the start is no trend.
    package static let fewestResults = 8
    /// Within this time everything is in time, nanoseconds.
    package static let patience: UInt64 = 2_000_000_000
    /// Silence that ends a lane, nanoseconds.
    package static let longestSilence: UInt64 = 30_000_000_000
    /// The system is asked how TCP does when what went out was not answered for this long, nanoseconds.
    private static let shortSilence: UInt64 = 1_000_000_000
    /// So often TCP has sent the same bytes again when nobody answers any more: 0.2 + 0.4 + 0.8 s on a short path, and
    /// with each time twice as long a pause. On a path that is only slow, answers come before that.
    private static let deadRepeats = 3
    /// Writes smaller than this say nothing of a lane's speed, bytes.
    private static let smallestSample = 16 * 1024
    /// Echoes that may be owed: at 5 s or more between probes, 30 s of silence come before.
    private static let mostOwed = 8

    private struct Owed: Hashable, Sendable {
        var number: UInt64
        /// In time lived.
        var asked: UInt64
        /// Already counted as a failure.
        var isOverdue = false
    }

    private var clock: AwakeClock
    /// One bit for each result, the latest lowest; 1 is a success.
    private var results: UInt32 = 0
    private var resultCount = 0
    private var owed: [Owed] = []
    /// When the peer was last heard, in time lived.
    private var heardAt: UInt64 = 0
    /// When the first of what went out since the peer was last heard did so, in time lived.
    private var unansweredSince: UInt64?
    /// How often TCP sent the oldest bytes again, when the system was last asked.
    private var repeats = 0
    /// Picoseconds per byte of the last writes, a ring.
    private var pace: [UInt64] = []
    private var nextPace = 0
    /// Round trip of the last echo, nanoseconds.
    package private(set) var lastLatency: UInt64?
    /// Smoothed as in RFC 6298, section 2: an eighth of each new round trip.
    package private(set) var latency: UInt64?

    package init(now: UInt64) {
        clock = AwakeClock(now: now)
    }

    /// 0 to 1; 1 where nothing was counted yet.
    package var score: Double {
        resultCount == 0 ? 1 : Double(results.nonzeroBitCount) / Double(resultCount)
    }

    /// Nanoseconds, lived by our own loop, for which the peer owed an echo and sent nothing at all.
    package var silence: UInt64 {
        guard let oldest = owed.first else { return 0 }
        return clock.lived - max(oldest.asked, heardAt)
    }

    /// Something went out a second ago or longer, and nothing was heard since.
    package var isWaiting: Bool {
        unansweredSince.map { clock.lived - $0 >= Self.shortSilence } ?? false
    }

    /// The peer is out of reach by this lane: TCP itself gets no answer, and tries ever more seldom.
    package var isDead: Bool { isWaiting && repeats >= Self.deadRepeats }

    package var verdict: Verdict {
        if silence >= Self.longestSilence { return .replace }
        guard resultCount >= Self.fewestResults else { return .good }
        return score < 0.5 ? .replace : score < 0.7 ? .noNewWork : .good
    }

    /// Our loop is awake; echoes that are overdue by now count as failures, once each. Due at least twice a second.
    package mutating func tick(now: UInt64) {
        clock.advance(to: now)
        let patience = echoPatience
        for index in owed.indices where !owed[index].isOverdue && clock.lived - owed[index].asked > patience {
            owed[index].isOverdue = true
            count(false)
        }
    }

    /// A probe went out; its echo is owed from now on.
    package mutating func probed(_ number: UInt64, now: UInt64) {
        clock.advance(to: now)
        if owed.count == Self.mostOwed { owed.removeFirst() }
        owed.append(Owed(number: number, asked: clock.lived))
        unansweredSince = unansweredSince ?? clock.lived
    }

    /// An echo arrived. One that nobody is waiting for only says that the peer is there. True if it was awaited.
    package mutating func echoed(_ number: UInt64, now: UInt64) -> Bool {
        heard(now: now)
        guard let index = owed.firstIndex(where: { $0.number == number }) else { return false }
        let answered = owed[index]
        // A lane keeps order, so whatever was asked before this will not be answered any more.
        owed.removeFirst(index + 1)
        let took = clock.lived - answered.asked
        if !answered.isOverdue { count(took <= echoPatience) }
        lastLatency = took
        latency = latency.map { $0 - $0 / 8 + took / 8 } ?? took
        return true
    }

    /// The system's word on how often TCP sent the lane's oldest bytes again.
    package mutating func repeated(_ count: Int) { repeats = count }

    /// Anything arrived on the lane.
    package mutating func heard(now: UInt64) {
        clock.advance(to: now)
        heardAt = clock.lived
        unansweredSince = nil
        repeats = 0
    }

    /// The socket took a buffer of `bytes` that was handed to it at `start`.
    package mutating func wrote(_ bytes: Int, start: UInt64, now: UInt64) {
        clock.advance(to: now)
        unansweredSince = unansweredSince ?? clock.lived
        let took = clock.lived(since: start)
        count(took <= Self.patience || took <= writePatience(bytes))
        guard bytes >= Self.smallestSample else { return }
        let sample = min(took, .max / 1_000) * 1_000 / UInt64(bytes)
        if pace.count < Self.window {
            pace.append(sample)
        } else {
            pace[nextPace] = sample
            nextPace = (nextPace + 1) % Self.window
        }
    }

    private mutating func count(_ success: Bool) {
        results = results << 1 | (success ? 1 : 0)
        resultCount = min(resultCount + 1, Self.window)
    }

    /// 8 × the median of the lane's time per byte, for this many bytes; asked for slow writes alone.
    private func writePatience(_ bytes: Int) -> UInt64 {
        guard !pace.isEmpty else { return 0 }
        let (product, overflow) = pace.sorted()[pace.count / 2].multipliedReportingOverflow(by: 8 * UInt64(bytes))
        return overflow ? .max : product / 1_000
    }

    private var echoPatience: UInt64 { max(Self.patience, 8 * (latency ?? 0)) }
}
