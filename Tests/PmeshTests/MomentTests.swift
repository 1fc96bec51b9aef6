import Testing

@testable import pmesh

@Suite struct MomentTests {
    private let now: Int64 = 1_777_000_000_000_000_000

    @Test(
        arguments: [("0s", 0), ("90m", 5400), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)] as [(String, Int64)])
    func ages(_ text: String, _ seconds: Int64) {
        #expect(Moment(text, now: now)?.nanoseconds == now - seconds * 1_000_000_000)
    }

    @Test func timesWithAZone() {
        #expect(Moment("1970-01-02T00:00:01Z", now: now)?.nanoseconds == 86_401_000_000_000)
        #expect(Moment("2026-04-24 03:06:40Z", now: now)?.nanoseconds == now)
    }

    @Test func timesOfTheMachinesZoneDifferByWhatTheySay() throws {
        let day = try #require(Moment("2026-05-01", now: now)).nanoseconds
        let minute = try #require(Moment("2026-05-01T00:01", now: now)).nanoseconds
        let second = try #require(Moment("2026-05-01T00:01:02", now: now)).nanoseconds
        #expect(minute - day == 60_000_000_000)
        #expect(second - minute == 2_000_000_000)
    }

    @Test(arguments: [
        "", "d", "-1d", "1y", "100001d", "2026", "2026-5", "2026-13-01", "2026-04-31", "2026-05-01T",
        "2026-05-01T25:00",
        "2026-05-01T08:61", "2026-05-01Z", "2026-05-01T08:00 x", "+026-05-01",
    ])
    func nonsense(_ text: String) {
        #expect(Moment(text, now: now) == nil)
    }
}
