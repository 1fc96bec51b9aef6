import MeshWire
import Testing

@testable import MeshChannel

@Suite struct SendingWindowTests {
    private func times(_ busy: UInt64, window: UInt64 = 0, buffer: UInt64 = 0) -> SendingTimes {
        SendingTimes(busy: busy, windowLimited: window, bufferLimited: buffer)
    }

    /// A window that began at 1 s, when the connection had been busy for 500 ms.
    private func begun() -> SendingWindow {
        var window = SendingWindow()
        #expect(window.isDue(now: 0) && !window.hasBegun)
        window.sampled(times(500_000, window: 1_000), now: 1_000 * ms)
        return window
    }

    @Test func theFirstWindowIsHalfAsLong() {
        var window = begun()
        #expect(window.hasBegun && window.share == .awaited)
        #expect(!window.isDue(now: 1_049 * ms))
        #expect(window.isDue(now: 1_050 * ms))
        window.sampled(times(525_000, window: 1_000), now: 1_050 * ms)
        #expect(window.share == .told(0.5))
        #expect(!window.isDue(now: 1_149 * ms))
        #expect(window.isDue(now: 1_150 * ms))
        window.sampled(times(625_000, window: 1_000), now: 1_150 * ms)
        #expect(window.share == .told(1))
    }

    @Test func timeThatTheReceiverOrTheBufferTookDoesNotCount() {
        var window = begun()
        window.sampled(times(600_000, window: 21_000, buffer: 30_000), now: 1_100 * ms)
        #expect(window.share == .told(0.5))
    }

    @Test func restCountsAsTimeWithoutTheNetwork() {
        var window = begun()
        window.sampled(times(550_000, window: 1_000), now: 1_050 * ms)
        #expect(window.share == .told(1))
        window.sampled(times(650_000, window: 1_000), now: 2_050 * ms)
        #expect(window.share == .told(0.1))
    }

    @Test func whatTheSystemDoesNotTellIsNotAskedAgain() {
        var window = SendingWindow()
        window.sampled(nil, now: 1)
        #expect(window.share == .untold)
        #expect(!window.isDue(now: .max) && !window.hasBegun)
    }

    /// Kernels count in steps, and a word from outside is not trusted to make sense.
    @Test func sharesStayBetweenNothingAndAll() {
        var window = begun()
        window.sampled(times(900_000, window: 1_000), now: 1_050 * ms)
        #expect(window.share == .told(1))
        window.sampled(times(0), now: 1_150 * ms)
        #expect(window.share == .told(0))
        window.sampled(times(.max, window: .max, buffer: .max), now: 1_250 * ms)
        #expect(window.share == .told(0))
        window.sampled(times(5), now: 1_250 * ms)
        #expect(window.share == .told(0))
    }
}
