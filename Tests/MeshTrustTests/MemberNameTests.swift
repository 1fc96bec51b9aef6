import MeshTrust
import Testing

@Suite struct MemberNameTests {
    @Test(arguments: ["a", "7", "build-2", "a--b", String(repeating: "x", count: 63)])
    func `a name is one DNS label`(text: String) throws {
        #expect(try MemberName(text).description == text)
    }

    @Test func `each mistake is told apart`() {
        #expect(throws: MemberNameError.empty) { try MemberName("") }
        #expect(throws: MemberNameError.tooLong(64)) { try MemberName(String(repeating: "x", count: 64)) }
        #expect(throws: MemberNameError.hyphenAtEdge) { try MemberName("-a") }
        #expect(throws: MemberNameError.hyphenAtEdge) { try MemberName("a-") }
        for (text, symbol) in [
            ("Build", "B"), ("a.b", "."), ("a b", " "), ("é", "é"), ("a_b", "_"), ("a\u{0}", "\u{0}"),
        ] {
            #expect(throws: MemberNameError.wrongSymbol(Character(symbol))) { try MemberName(text) }
        }
    }
}
