/// Bytes a second over the last seconds, from totals and times.
struct RateMeter: Sendable {
    /// Weight of a second ago against now: 3 s back count for a third.
    private static let memory = 3.0

    private var last: (bytes: UInt64, time: UInt64)?
    private(set) var rate = 0.0

    /// `bytes`: a total that grows; `now`: monotonic nanoseconds.
    mutating func update(_ bytes: UInt64, now: UInt64) {
        guard let before = last else {
            last = (bytes, now)
            return
        }
        let seconds = Double(now - min(now, before.time)) / 1e9
        guard seconds > 0.05 else { return }
        let current = Double(bytes - min(bytes, before.bytes)) / seconds
        let weight = min(1, seconds / Self.memory)
        rate = rate == 0 ? current : rate * (1 - weight) + current * weight
        last = (bytes, now)
    }
}
