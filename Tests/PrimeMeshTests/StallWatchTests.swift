import Testing

@testable import PrimeMesh

@Suite struct StallWatchTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func threeSecondsWithoutAByteAreAStall() {
        var watch = StallWatch()
        #expect(watch.update(10, isDue: true, now: 0) == nil)
        #expect(watch.update(10, isDue: true, now: 3 * Self.second - 1) == nil)
        #expect(watch.update(10, isDue: true, now: 3 * Self.second) == 3)
        #expect(watch.update(10, isDue: true, now: 93 * Self.second) == 93)
        // One byte ends it, and the time begins anew.
        #expect(watch.update(11, isDue: true, now: 94 * Self.second) == nil)
        #expect(watch.update(11, isDue: true, now: 96 * Self.second) == nil)
        #expect(watch.update(11, isDue: true, now: 97 * Self.second) == 3)
    }

    /// Before the first byte a person is asked; after the last one the disk is synced.
    @Test func nothingToComeIsNoStall() {
        var watch = StallWatch()
        #expect(watch.update(0, isDue: true, now: 0) == nil)
        #expect(watch.update(0, isDue: true, now: 60 * Self.second) == nil)
        #expect(watch.update(10, isDue: false, now: 61 * Self.second) == nil)
        #expect(watch.update(10, isDue: false, now: 90 * Self.second) == nil)
        #expect(watch.update(10, isDue: true, now: 91 * Self.second) == nil)
    }
}
