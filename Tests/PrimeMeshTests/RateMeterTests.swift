import Testing

@testable import PrimeMesh

@Suite struct RateMeterTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func knowsNothingAtFirst() {
        var meter = RateMeter()
        meter.update(1_000_000, now: 5 * Self.second)
        #expect(meter.rate == 0)
    }

    @Test func measuresFromWhereItBegan() {
        var meter = RateMeter()
        // What was there when the transfer was resumed is no rate.
        meter.update(1_000_000, now: 5 * Self.second)
        meter.update(1_500_000, now: 6 * Self.second)
        #expect(meter.rate == 500_000)
    }

    @Test func followsSlowly() {
        var meter = RateMeter()
        for time in 0...10 { meter.update(UInt64(time) * 100, now: UInt64(time) * Self.second) }
        #expect(abs(meter.rate - 100) < 0.001)
        meter.update(1_000, now: 11 * Self.second)
        #expect(abs(meter.rate - 66.7) < 0.1)
        for time in 12...40 { meter.update(1_000, now: UInt64(time) * Self.second) }
        #expect(meter.rate < 0.01)
    }

    @Test func isNotConfusedByClocksAndTotalsThatStep() {
        var meter = RateMeter()
        meter.update(1_000, now: 2 * Self.second)
        meter.update(2_000, now: 2 * Self.second)
        meter.update(500, now: 3 * Self.second)
        meter.update(500, now: 1 * Self.second)
        #expect(meter.rate == 0 && meter.rate.isFinite)
    }
}
