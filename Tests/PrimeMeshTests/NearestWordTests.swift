import PrimeMesh
import Testing

@Suite struct NearestWordTests {
    private let commands = ["send", "receive", "resume", "transfers", "history", "verify", "mesh", "code"]
    private let options = ["--home", "--to", "--wait", "--peer", "--listen", "--json", "--compress", "--exclude"]

    @Test(arguments: [
        ("recieve", "receive"), ("transfer", "transfers"), ("sned", "send"), ("histroy", "history"),
        ("verfy", "verify"),
    ])
    func aSlipIsUnderstood(_ word: String, _ meant: String) {
        #expect(NearestWord.of(word, among: commands) == meant)
    }

    @Test(arguments: ["chat", "up", "doctor", "monitor", "x", "", "peers", "status"])
    func whatIsFarIsNotSuggested(_ word: String) {
        #expect(NearestWord.of(word, among: commands) == nil)
    }

    @Test(arguments: [("--exlude", "--exclude"), ("--comprss", "--compress"), ("--jsn", "--json")])
    func optionsToo(_ word: String, _ meant: String) {
        #expect(NearestWord.of(word, among: options) == meant)
    }

    @Test(arguments: ["--code", "--limit", "--port", "--text", "--bwlimit"])
    func noSillyOptions(_ word: String) {
        #expect(NearestWord.of(word, among: options) == nil)
    }

    @Test func anExchangeInAShortName() {
        #expect(NearestWord.of("bne", among: ["ada", "ben", "cleo"]) == "ben")
        #expect(NearestWord.of("bob", among: ["ada", "ben", "cleo"]) == nil)
    }
}
