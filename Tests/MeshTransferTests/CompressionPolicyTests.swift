import MeshTransfer
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
            #expect(always.choose(waiting: waiting, given: 1 << 30).text == "deflate 6")
            var never = CompressionPolicy(.never)
            #expect(never.choose(waiting: waiting, given: 1 << 30).text == "raw")
            var level = CompressionPolicy(.level(9))
            #expect(level.choose(waiting: waiting, given: 1 << 30).text == "deflate 9")
        }
    }

    /// A conversation with a policy: how many KiB wait, and what is chosen.
    private struct Talk {
        var policy = CompressionPolicy(.auto)
        var given: UInt64 = 1 << 30

        mutating func callAsFunction(_ kibibytes: Int, times: Int = 1) -> [String] {
            (0..<times).map { _ in policy.choose(waiting: kibibytes << 10, given: given).text }
        }
    }

    @Test func aTransferBeginsAtLevelOneWhateverIsSeen() {
        var choose = Talk(given: 0)
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
