import Synchronization

/// Round trips on a busy node, for measurements: with each beat of its sessions, twenty times a second, a probe goes out
/// on every lane and a question for the time on the control link. Health and clocks need one in five seconds, which is
/// too few to tell a percentile by.
package final class EchoWatch: Sendable {
    private let lanes = Mutex<[UInt64]>([])
    private let links = Mutex<[UInt64]>([])
    private let count = Atomic<UInt64>(0)

    package init() {}

    /// Round trips of lanes so far, nanoseconds: from when the probe was given to the lane until its echo was read.
    package var laneRoundTrips: [UInt64] { lanes.withLock { $0 } }
    /// The same of the control link, from session to session: the messages pass both sides' queues of events too.
    package var controlRoundTrips: [UInt64] { links.withLock { $0 } }

    /// Apart from those by which the channel tells its health, which count from 0.
    func nextProbe() -> UInt64 { 1 << 63 | count.wrappingAdd(1, ordering: .relaxed).newValue }

    func lane(_ number: UInt64, _ roundTrip: UInt64) {
        // A lane's first probe is part of its opening and not of its work.
        guard number >= 1 << 63 else { return }
        lanes.withLock { $0.append(roundTrip) }
    }

    func control(_ roundTrip: Int64) { links.withLock { $0.append(UInt64(max(0, roundTrip))) } }
}
