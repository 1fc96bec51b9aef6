import MeshTransfer
import MeshWire
import Testing

@Suite struct CompressionPolicyTests {
    @Test(arguments: [
        ("auto", CompressionMode.auto), ("always", .always), ("never", .never), ("1", .level(1)), ("9", .level(9)),
    ]) func modesAreRead(text: String, mode: CompressionMode) {
        #expect(CompressionMode(text) == mode)
    }

    @Test(arguments: ["", "0", "10", "-1", "Auto", "1.5", " 1"]) func otherTextIsNoMode(text: String) {
        #expect(CompressionMode(text) == nil)
    }

    @Test func whatTheUserAsksForIsObeyed() {
        for waiting in [0, 1 << 20, 8 << 20] {
            var always = CompressionPolicy(.always)
            #expect(always.choose(waiting: waiting, given: 1 << 30, share: .told(1)).text == "deflate 6")
            var never = CompressionPolicy(.never)
            #expect(never.choose(waiting: waiting, given: 1 << 30, share: .told(1)).text == "raw")
            var level = CompressionPolicy(.level(9))
            #expect(level.choose(waiting: waiting, given: 1 << 30, share: .told(1)).text == "deflate 9")
        }
    }

    /// A conversation with a policy: how many KiB wait, and what is chosen. Each batch is encoded at once, to a third of
    /// it where it is deflated.
    private struct Talk {
        var policy = CompressionPolicy(.auto)
        var given: UInt64 = 1 << 30
        var share = NetworkShare.untold
        var ratio = 3

        mutating func callAsFunction(_ kibibytes: Int, times: Int = 1) -> [String] {
            (0..<times).map { _ in
                let choice = policy.choose(waiting: kibibytes << 10, given: given, share: share)
                policy.encoded(plain: 1 << 20, wire: choice == .raw ? 1 << 20 : (1 << 20) / ratio)
                return choice.text
            }
        }

        mutating func callAsFunction(_ kibibytes: Int, share: Double, times: Int = 1) -> [String] {
            self.share = .told(share)
            return self(kibibytes, times: times)
        }
    }

    private func several(_ text: String, _ count: Int) -> [String] { Array(repeating: text, count: count) }

    // MARK: where TCP tells what a lane waits for

    @Test func untilTheFirstShareIsToldFewBatchesAreDeflated() {
        var choose = Talk(given: 0, share: .awaited)
        #expect(choose.policy.awaits(.awaited) && !choose.policy.awaits(.untold) && !choose.policy.awaits(.told(0)))
        #expect(choose(0, times: 10) == several("probe 1", 2) + several("raw", 8))
        #expect(choose(4_000, times: 10) == several("raw", 10))
        #expect(!CompressionPolicy(.always).awaits(.awaited))
    }

    @Test func theFirstShareDecidesTheStart() {
        for (share, expected) in [(0.0, "raw"), (0.35, "raw"), (0.6, "raw"), (0.61, "probe 1"), (1, "probe 1")] {
            var choose = Talk(given: 0, share: .awaited)
            _ = choose(0, times: 5)
            #expect(choose(0, share: share) == [expected])
            #expect(!choose.policy.awaits(.awaited))
        }
    }

    /// A receiver whose disk or processor is slow fills the queue, and TCP waits for nothing.
    @Test func aSlowReceiverStartsNothing() {
        var choose = Talk(given: 0, share: .awaited)
        _ = choose(0, times: 5)
        choose.given = 1 << 30
        for share in [0.35, 0, 0.6, 0.5] { #expect(choose(8_000, share: share, times: 100) == several("raw", 100)) }
        #expect(choose(8_000, share: 0.99) == ["probe 1"])
    }

    /// 100 Mbit/s: the link is always full, at any level.
    @Test func aSlowNetworkGetsMoreAndMoreEffort() {
        var choose = Talk()
        #expect(choose(4_000, share: 1, times: 7) == several("probe 1", 7))
        #expect(choose(4_000, times: 100) == several("probe 6", 100))
        #expect(choose(400) == ["probe 1"])
        // Level 6 was no mistake: it is tried again as soon.
        #expect(choose(4_000, times: 9) == several("probe 1", 7) + several("probe 6", 2))
    }

    /// 300 Mbit/s: zlib cannot fill the link, and is worth it all the same. Raw batches fill what it leaves.
    @Test func aDryQueueThatIsWorthItIsNoMistake() {
        var choose = Talk()
        _ = choose(1_000, share: 1, times: 20)
        for _ in 0..<20 {
            #expect(choose(0, share: 0.39, times: 4) == several("probe 1", 3) + ["raw"])
            #expect(choose(2_048, share: 0.9, times: 8) == several("probe 1", 8))
        }
    }

    /// 1 Gbit/s: raw and deflated batches take turns within a window, whose share is the mixture's. What was worth it is
    /// gone on with at once; where raw bytes flow on, their own share counts.
    @Test func whatWasWorthItIsGoneOnWith() {
        var choose = Talk()
        _ = choose(1_000, share: 1, times: 20)
        #expect(choose(0, share: 0.4, times: 4) == several("probe 1", 3) + ["raw"])
        #expect(choose(2_048, share: 0.4) == ["probe 1"])
        #expect(choose(0, share: 0.4, times: 40).last == "raw")
        #expect(choose(8_000, share: 0.4, times: 20) == several("raw", 20))
    }

    /// 1 Gbit/s and a single slow core: deflating keeps the link busy for a fiftieth of the time.
    @Test func whatIsSlowerThanRawIsTriedLessAndLess() {
        var choose = Talk()
        _ = choose(0, share: 1)
        _ = choose(1_000, times: 12)
        for count in [2, 4, 8, 16, 32, 64, 128, 256, 256] {
            #expect(choose(8_000, share: 0.02, times: 4) == several("probe 1", 3) + ["raw"])
            #expect(choose(8_000, share: 0.99, times: count) == several("raw", count - 1) + ["probe 1"])
        }
    }

    /// What cannot shrink costs next to nothing at level 1: it is no reason to wait with what can.
    @Test func noiseOnASlowNetworkIsNoMistake() {
        var choose = Talk(ratio: 1)
        _ = choose(1_000, share: 0.97, times: 200)
        #expect(choose(1_000) == ["probe 1"])
    }

    // MARK: where it does not

    @Test func aTransferBeginsAtLevelOneWhateverIsSeen() {
        var choose = Talk(given: 0)
        #expect(!choose.policy.awaits(.untold))
        #expect(choose(0, times: 50) == Array(repeating: "probe 1", count: 50))
    }

    @Test func aFastLinkIsLeftToRawBytes() {
        var choose = Talk()
        #expect(choose(0, times: 5) == ["probe 1", "probe 1", "probe 1", "raw", "raw"])
        #expect(choose(1_000, times: 100) == Array(repeating: "raw", count: 100))
    }

    @Test func aSlowLinkGetsMoreAndMoreEffort() {
        var choose = Talk()
        #expect(choose(4_000, times: 7) == Array(repeating: "probe 1", count: 7))
        #expect(choose(4_000, times: 50) == Array(repeating: "probe 6", count: 50))
        // Between the marks nothing changes.
        #expect(choose(600, times: 50) == Array(repeating: "probe 6", count: 50))
        #expect(choose(400) == ["probe 1"])
        #expect(choose(200, times: 50) == Array(repeating: "probe 1", count: 50))
        // Dry for a moment is not dry.
        #expect(choose(0, times: 3) + choose(200) == Array(repeating: "probe 1", count: 4))
        #expect(choose(0, times: 4) == ["probe 1", "probe 1", "probe 1", "raw"])
        #expect(choose(2_048) == ["probe 1"])
    }

    /// A step that was taken back at once is tried again later each time; one that held clears the account.
    @Test func mistakesAreRepeatedLessAndLess() {
        var choose = Talk()
        _ = choose(0, times: 4)
        for count in [2, 4, 8, 16, 32, 64, 128, 256, 256] {
            #expect(choose(4_000, times: count - 1) == Array(repeating: "raw", count: count - 1))
            #expect(choose(4_000) == ["probe 1"])
            #expect(choose(0, times: 4) == ["probe 1", "probe 1", "probe 1", "raw"])
        }
        #expect(choose(4_000, times: 256).last == "probe 1")
        _ = choose(1_000, times: 20)
        _ = choose(0, times: 4)
        #expect(choose(4_000) == ["probe 1"])
    }

    /// Level 6 was too slow for the link; level 1 goes on, and 6 is tried again after twice as long.
    @Test func theHighestLevelIsTriedWithCare() {
        var choose = Talk()
        _ = choose(4_000, times: 8)
        #expect(choose(400) == ["probe 1"])
        #expect(choose(4_000, times: 16) == Array(repeating: "probe 1", count: 15) + ["probe 6"])
        #expect(choose(400) == ["probe 1"])
        #expect(choose(4_000, times: 32) == Array(repeating: "probe 1", count: 31) + ["probe 6"])
    }
}
