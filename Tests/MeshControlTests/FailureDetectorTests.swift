import MeshControl
import Testing

@Suite struct FailureDetectorTests {
    /// Ticks every second from the first to the last time, seconds.
    private func tick(_ detector: inout FailureDetector, _ times: ClosedRange<UInt64>) -> [FailureDetector.OnTick] {
        times.map { detector.tick(at: $0 * second) }
    }

    @Test func silenceMakesASuspectAndThenADeadNode() {
        var detector = FailureDetector(at: 0)
        #expect(tick(&detector, 1...14).allSatisfy { $0.became == nil })
        #expect(detector.tick(at: 15 * second).became == .suspect)
        #expect(tick(&detector, 16...29).allSatisfy { $0.became == nil })
        #expect(detector.tick(at: 30 * second).became == .dead)
        #expect(detector.status == .dead)
    }

    @Test func aSuspectRecoversADeadNodeDoesNot() {
        var detector = FailureDetector(at: 0)
        _ = tick(&detector, 1...20)
        #expect(detector.heard(at: 20 * second) == .recovered)
        #expect(detector.heard(at: 21 * second) == .none)
        #expect(tick(&detector, 21...36).compactMap(\.became) == [.suspect])
        #expect(tick(&detector, 37...51).compactMap(\.became) == [.dead])
        #expect(detector.heard(at: 52 * second) == .none)
        #expect(detector.tick(at: 53 * second) == .init())
    }

    @Test func aHeartbeatIsDueFiveSecondsAfterWhateverWasSent() {
        var detector = FailureDetector(at: 0)
        let due = tick(&detector, 1...12).enumerated().filter { $0.element.heartbeat }.map { $0.offset + 1 }
        #expect(due == [5, 10])
        detector.sent(at: 12 * second)
        let later = tick(&detector, 13...18).enumerated().filter { $0.element.heartbeat }.map { $0.offset + 13 }
        #expect(later == [17])
    }

    @Test func ourOwnSleepIsNobodysSilence() {
        var detector = FailureDetector(at: 0)
        _ = tick(&detector, 1...10)
        _ = detector.heard(at: 10 * second)
        // Its deadline was at 15 s: it slept from there, and 5 s of silence count.
        #expect(detector.tick(at: 3_610 * second).became == nil)
        #expect(tick(&detector, 3_611...3_619).allSatisfy { $0.became == nil })
        #expect(detector.tick(at: 3_620 * second).became == .suspect)
    }

    /// A thousand links need no ticks: each says when it is to be asked.
    @Test func eachDeadlineIsAnsweredAndNoOtherTimeMatters() {
        var detector = FailureDetector(at: 0)
        #expect(detector.nextDeadline == 5 * second)
        #expect(detector.tick(at: 5 * second - 1) == .init())
        #expect(detector.tick(at: 5 * second) == .init(heartbeat: true))
        #expect(detector.tick(at: 10 * second) == .init(heartbeat: true))
        #expect(detector.nextDeadline == 15 * second)
        #expect(detector.tick(at: 15 * second) == .init(heartbeat: true, became: .suspect))
        for time in [20, 25] { #expect(detector.tick(at: UInt64(time) * second) == .init(heartbeat: true)) }
        #expect(detector.tick(at: 30 * second) == .init(heartbeat: true, became: .dead))
        #expect(detector.nextDeadline == nil)
    }
}
