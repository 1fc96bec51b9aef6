import Glibc

/// What a piece of work took.
struct Cost {
    /// Seconds on the wall.
    var wall = 0.0
    /// Seconds of all threads of this process together, kernel included: what matters where cores are the limit, and
    /// what other programs on the machine hardly change.
    var processor = 0.0

    /// The cheapest of a few repetitions: the others were disturbed.
    static func least(of repetitions: Int = 3, _ work: () throws -> Void) rethrows -> Cost {
        var best: Cost?
        for _ in 0..<repetitions {
            let start = Cost.now
            try work()
            best = min(best, start.until(.now))
        }
        return best ?? Cost()
    }

    /// The same for work that waits.
    static func least(of repetitions: Int = 3, _ work: () async throws -> Void) async rethrows -> Cost {
        var best: Cost?
        for _ in 0..<repetitions {
            let start = Cost.now
            try await work()
            best = min(best, start.until(.now))
        }
        return best ?? Cost()
    }

    private static func min(_ one: Cost?, _ other: Cost) -> Cost {
        guard let one else { return other }
        return one.processor < other.processor ? one : other
    }

    private static var now: Cost {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        var processor = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &processor)
        return Cost(wall: time.inSeconds, processor: processor.inSeconds)
    }

    private func until(_ end: Cost) -> Cost { Cost(wall: end.wall - wall, processor: end.processor - processor) }
}

extension timespec {
    var inSeconds: Double { Double(tv_sec) + Double(tv_nsec) / 1e9 }
}

/// One row of the stations' table.
struct Station {
    var name: String
    /// What was done, in `unit`s.
    var amount: Double
    var unit = "MiB"
    var cost: Cost
    var remark = ""

    /// Seconds of one core for one unit.
    var perUnit: Double { cost.processor / amount }
}
