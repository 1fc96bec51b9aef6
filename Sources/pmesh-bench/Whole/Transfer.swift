/// What one whole transfer took.
struct Transfer: Sendable {
    /// From the start of both commands to the end of both, seconds.
    var seconds: Double
    /// From the start of both commands to the first chunk written at the receiver, seconds.
    var firstFromStart: Double?
    /// The same from when both sides were up: the later one waited for the other.
    var firstFromUp: Double?
    /// Highest resident memory, bytes.
    var senderPeak: UInt64?
    var receiverPeak: UInt64?
}

/// One row of the table: transfers of one kind by one program.
struct WholeResult: Sendable {
    var what: String
    var program: String
    var mebibytes: Double
    var transfers: [Transfer]

    /// The middle one by time.
    var median: Transfer { transfers.sorted { $0.seconds < $1.seconds }[transfers.count / 2] }

    func line(limit: Double?) -> String {
        let median = median
        let speed = mebibytes / median.seconds
        let best = mebibytes / (transfers.map(\.seconds).min() ?? median.seconds)
        let share = limit.map { "\(Text.decimal(speed / $0 * 100, 0)) %" } ?? "–"
        let cells = [
            what, program, Text.decimal(median.seconds, 2), Text.short(speed), Text.short(best), share,
            milliseconds(\.firstFromStart), milliseconds(\.firstFromUp), mebibytes(\.senderPeak),
            mebibytes(\.receiverPeak),
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    /// The middle one of all transfers.
    private func milliseconds(_ time: (Transfer) -> Double?) -> String {
        let times = transfers.compactMap(time).sorted()
        return times.isEmpty ? "–" : "\(Text.decimal(times[times.count / 2] * 1_000, 0)) ms"
    }

    /// The highest of all transfers.
    private func mebibytes(_ peak: (Transfer) -> UInt64?) -> String {
        transfers.compactMap(peak).max().map { "\(($0 + 1 << 19) >> 20) MiB" } ?? "–"
    }
}
