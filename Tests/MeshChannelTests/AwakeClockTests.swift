import Testing

@testable import MeshChannel

@Suite struct AwakeClockTests {
    @Test func regularTicksAreLived() {
        var clock = AwakeClock(now: 100 * second)
        for step in UInt64(1)...10 { clock.advance(to: 100 * second + step * 500 * ms) }
        #expect(clock.lived == 5 * second)
        #expect(clock.lived(since: 101 * second) == 4 * second)
    }

    @Test func aGapIsNot() {
        var clock = AwakeClock(now: 0)
        clock.advance(to: second)
        clock.advance(to: 61 * second)
        clock.advance(to: 62 * second)
        #expect(clock.lived == 2 * second)
        #expect(clock.lived(since: 0) == 2 * second)
        #expect(clock.lived(since: 500 * ms) == 1_500 * ms)
        #expect(clock.lived(since: 30 * second) == second)
        #expect(clock.lived(since: 61_500 * ms) == 500 * ms)
    }

    @Test func timeNeverGoesBack() {
        var clock = AwakeClock(now: 10 * second)
        clock.advance(to: 5 * second)
        #expect(clock.lived == 0 && clock.last == 10 * second)
        #expect(clock.lived(since: 11 * second) == 0)
    }
}
