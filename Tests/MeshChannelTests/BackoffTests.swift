import Testing

@testable import MeshChannel

@Suite struct BackoffTests {
    @Test func doublesUpToFiveSecondsLessAQuarterAtMost() {
        var chance = Seeded(state: 1)
        var backoff = Backoff()
        for wait: UInt64 in [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000] {
            let next = backoff.next(using: &chance)
            #expect(next <= wait * ms && next >= wait * ms * 3 / 4)
        }
        backoff.reset()
        #expect(backoff.next(using: &chance) <= 100 * ms)
    }

    @Test func chanceSpreadsLanes() {
        var chance = Seeded(state: 2)
        let waits = (0..<50).map { _ in
            var backoff = Backoff()
            return backoff.next(using: &chance)
        }
        #expect(Set(waits).count > 40)
    }
}
