import MeshControl
import MeshWire
import Testing

@Suite struct ClockFilterTests {
    /// Asks at `time`; the ways take `there` and `back`, the other clock is `offset` ahead and answers after 1 ms.
    private func exchange(
        _ filter: inout ClockFilter, at time: Int64, offset: Int64, there: Int64, back: Int64
    ) -> ClockFilter.OnAnswer {
        let question = filter.ask(at: time)
        let received = time + there + offset
        let answer = ClockFilter.answer(question, received: received, at: received + ms)
        return filter.heard(answer, at: time + there + ms + back)
    }

    @Test func equalWaysGiveTheOffsetExactly() {
        var filter = ClockFilter()
        let outcome = exchange(&filter, at: 0, offset: 250 * ms, there: 10 * ms, back: 10 * ms)
        #expect(outcome == .measured(.init(offset: 250 * ms, delay: 20 * ms, drift: nil)))
    }

    @Test func theSampleOfLeastDelayCounts() {
        var filter = ClockFilter()
        // 80 ms in a queue on the way back shift the offset by 40 ms.
        let slow = exchange(&filter, at: 0, offset: 0, there: 10 * ms, back: 90 * ms)
        #expect(slow == .measured(.init(offset: -40 * ms, delay: 100 * ms, drift: nil)))
        let fast = exchange(&filter, at: 1_000 * ms, offset: 0, there: 10 * ms, back: 10 * ms)
        #expect(fast == .measured(.init(offset: 0, delay: 20 * ms, drift: nil)))
        let slowAgain = exchange(&filter, at: 2_000 * ms, offset: 0, there: 90 * ms, back: 10 * ms)
        #expect(slowAgain == .measured(.init(offset: 0, delay: 20 * ms, drift: nil)))
    }

    @Test func eightSamplesLaterTheBestIsForgotten() {
        var filter = ClockFilter()
        _ = exchange(&filter, at: 0, offset: 0, there: ms, back: ms)
        for round in 1...7 {
            _ = exchange(&filter, at: Int64(round) * 1_000 * ms, offset: 7 * ms, there: 5 * ms, back: 5 * ms)
        }
        #expect(filter.estimate?.offset == 0)
        _ = exchange(&filter, at: 8_000 * ms, offset: 7 * ms, there: 5 * ms, back: 5 * ms)
        #expect(filter.estimate?.offset == 7 * ms)
    }

    @Test func driftIsToldFromAMinuteOfSamples() {
        var filter = ClockFilter()
        for round in 0..<8 {
            let time = Int64(round) * 30_000 * ms
            // 50 parts in a million: 1.5 ms in 30 s.
            _ = exchange(&filter, at: time, offset: time / 20_000, there: 10 * ms, back: 10 * ms)
        }
        #expect(filter.estimate?.drift == 50_000)
    }

    @Test func onlyTheOpenQuestionIsAnsweredAndOnce() {
        var filter = ClockFilter()
        let first = filter.ask(at: 0)
        let second = filter.ask(at: 1_000 * ms)
        #expect(filter.heard(ClockFilter.answer(first, received: 0, at: 0), at: 1_001 * ms) == .unasked)
        let answer = ClockFilter.answer(second, received: 1_001 * ms, at: 1_001 * ms)
        #expect(filter.heard(answer, at: 1_002 * ms) == .measured(.init(offset: 0, delay: 2 * ms, drift: nil)))
        #expect(filter.heard(answer, at: 1_003 * ms) == .unasked)
    }

    @Test(arguments: [
        ClockSync(origin: 0), ClockSync(origin: 0, received: 5, answered: 4),
        ClockSync(origin: 0, received: .min, answered: .max), ClockSync(origin: 0, received: .max, answered: .max),
    ])
    func stampsThatCannotBeAreUseless(_ answer: ClockSync) {
        var filter = ClockFilter()
        _ = filter.ask(at: 0)
        let outcome = filter.heard(answer, at: 10_000_000_001)
        #expect(outcome == .useless)
        #expect(filter.estimate == nil)
    }
}
