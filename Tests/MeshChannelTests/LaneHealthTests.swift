import Testing

@testable import MeshChannel

@Suite struct LaneHealthTests {
    private var health = LaneHealth(now: 0)

    /// Ticks as a loop does that is awake.
    private func wait(_ health: inout LaneHealth, from start: UInt64, to end: UInt64) {
        for now in stride(from: start, through: end, by: Int(500 * ms)) { health.tick(now: now) }
    }

    @Test func aNewLaneIsGood() {
        #expect(health.score == 1 && health.verdict == .good && health.silence == 0 && health.latency == nil)
    }

    @Test func slowWritesLowerTheScore() {
        var health = health
        var now: UInt64 = 0
        func write(_ took: UInt64) {
            let start = now
            wait(&health, from: now, to: now + took)
            now += took
            health.wrote(1_000, start: start, now: now)
        }
        for _ in 0..<16 { write(ms) }
        for _ in 0..<6 { write(3 * second) }
        #expect(health.verdict == .good)  // 16 of 22
        write(3 * second)
        #expect(health.verdict == .noNewWork)  // 16 of 23
        for _ in 0..<9 { write(3 * second) }
        #expect(health.score == 0.5 && health.verdict == .noNewWork)  // 16 of 32
        write(3 * second)
        #expect(health.score == 15.0 / 32 && health.verdict == .replace)
        for _ in 0..<8 { write(2 * second) }
        #expect(health.score < 0.7)  // the old successes leave the window first
        for _ in 0..<16 { write(ms) }
        #expect(health.verdict == .good)
    }

    @Test func oneSlowWriteAtTheStartDecidesNothing() {
        var health = health
        wait(&health, from: 0, to: 10 * second)
        health.wrote(100, start: 0, now: 10 * second)
        #expect(health.score == 0 && health.verdict == .good)
    }

    /// A slow link is not an ill one: 128 KiB take 5 s at its usual pace, and eight times that is too long.
    @Test func slownessIsMeasuredByTheLanesOwnPace() {
        var health = health
        var now: UInt64 = 0
        func write(_ took: UInt64) {
            let start = now
            wait(&health, from: now, to: now + took)
            now += took
            health.wrote(131_072, start: start, now: now)
        }
        write(5 * second)
        #expect(health.score == 0)  // nothing was known of its pace yet
        for _ in 0..<9 { write(5 * second) }
        #expect(health.score == 0.9)
        write(39 * second)
        #expect(health.score == 10.0 / 11)
        write(42 * second)
        #expect(health.score == 10.0 / 12)
    }

    @Test func echoesCountAndMeasureLatency() {
        var health = health
        health.probed(1, now: 0)
        #expect(health.echoed(1, now: 80 * ms) == true)
        #expect(health.lastLatency == 80 * ms && health.latency == 80 * ms)
        health.probed(2, now: 500 * ms)
        #expect(health.echoed(2, now: 660 * ms) == true)
        #expect(health.lastLatency == 160 * ms && health.latency == 90 * ms)
        #expect(health.score == 1)
    }

    @Test func echoesNobodyAskedForCountForNothing() {
        var health = health
        #expect(health.echoed(9, now: ms) == false)
        health.probed(1, now: 2 * ms)
        #expect(health.echoed(1, now: 3 * ms) == true)
        #expect(health.echoed(1, now: 4 * ms) == false)
        #expect(health.lastLatency == ms)
    }

    @Test func anOverdueEchoFailsOnce() {
        var health = health
        for number in UInt64(0)..<8 {
            health.probed(number, now: 0)
            _ = health.echoed(number, now: 0)
        }
        health.probed(9, now: 0)
        wait(&health, from: 0, to: 2 * second)
        #expect(health.score == 1)
        wait(&health, from: 2_500 * ms, to: 6 * second)
        #expect(health.score == 8.0 / 9)
        #expect(health.echoed(9, now: 6_100 * ms) == true)
        #expect(health.score == 8.0 / 9)
    }

    @Test func thirtySecondsOfOwedSilenceEndALane() {
        var health = health
        wait(&health, from: 0, to: 60 * second)
        #expect(health.silence == 0 && health.verdict == .good)  // nothing was owed
        health.probed(1, now: 60 * second)
        wait(&health, from: 60 * second, to: 89_500 * ms)
        #expect(health.verdict != .replace && health.silence == 29_500 * ms)
        wait(&health, from: 90 * second, to: 90 * second)
        #expect(health.verdict == .replace)
    }

    @Test func anythingHeardEndsTheSilence() {
        var health = health
        health.probed(1, now: 0)
        wait(&health, from: 0, to: 25 * second)
        health.heard(now: 25 * second)
        #expect(health.silence == 0)
        wait(&health, from: 25 * second, to: 50 * second)
        #expect(health.silence == 25 * second && health.verdict == .good)
    }

    /// Stopped with SIGSTOP, or asleep with the lid closed: the echo lies in the socket's buffer all the time.
    @Test func aFrozenProcessHearsNoSilence() {
        var health = health
        for number in UInt64(0)..<8 {
            health.probed(number, now: 0)
            _ = health.echoed(number, now: 0)
        }
        health.probed(9, now: 0)
        wait(&health, from: 0, to: second)
        health.tick(now: 3_600 * second)
        #expect(health.silence == second && health.verdict == .good && health.score == 1)
        #expect(health.echoed(9, now: 3_600 * second) == true)
        #expect(health.score == 1 && health.lastLatency == second)
        health.wrote(100_000, start: second, now: 3_600 * second)
        #expect(health.score == 1)
    }
}
