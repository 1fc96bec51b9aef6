import MeshControl
import Testing

@Suite struct DiscoveryResponderTests {
    @Test func oneAnswerASecondForEachSource() {
        var responder = DiscoveryResponder()
        #expect(responder.question(from: "a", at: 0) == .answer)
        #expect(responder.question(from: "a", at: second - 1) == .ignore)
        #expect(responder.question(from: "b", at: second - 1) == .answer)
        #expect(responder.question(from: "a", at: second) == .answer)
    }

    @Test func aFullTableAnswersNobodyNewUntilItsSecondIsOver() {
        var responder = DiscoveryResponder()
        for number in 0..<DiscoveryResponder.limit { #expect(responder.question(from: "\(number)", at: 0) == .answer) }
        #expect(responder.question(from: "new", at: second / 2) == .ignore)
        #expect(responder.question(from: "new", at: second) == .answer)
        #expect(responder.question(from: "7", at: second) == .answer)
    }
}
