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
        for waiting in [0, 50, 100] {
            var always = CompressionPolicy(.always)
            #expect(always.choose(waiting: waiting, bound: 100).text == "deflate 6")
            var never = CompressionPolicy(.never)
            #expect(never.choose(waiting: waiting, bound: 100).text == "raw")
            var level = CompressionPolicy(.level(9))
            #expect(level.choose(waiting: waiting, bound: 100).text == "deflate 9")
        }
    }

    @Test func theLevelClimbsWhileBatchesWaitAndFallsWhenTheQueueRunsDry() {
        var policy = CompressionPolicy(.auto)
        func choose(_ waiting: Int) -> String { policy.choose(waiting: waiting, bound: 100).text }
        #expect(choose(0) == "raw")
        // Below half of the bound nothing is decided.
        #expect(choose(49) == "raw")
        #expect(choose(50) == "probe 1")
        for _ in 0..<6 { #expect(choose(50) == "probe 1") }
        #expect(choose(50) == "probe 6")
        for _ in 0..<7 { #expect(choose(99) == "probe 6") }
        #expect(choose(99) == "probe 9")
        for _ in 0..<20 { #expect(choose(99) == "probe 9") }
        #expect(choose(10) == "probe 9")
        #expect(choose(0) == "probe 6")
        #expect(choose(0) == "probe 1")
        #expect(choose(0) == "raw")
        #expect(choose(0) == "raw")
    }
}
