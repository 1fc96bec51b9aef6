import MeshTransfer
import Testing

@Suite struct ByteSpreadTests {
    private func isEven(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { ByteSpread.isEven($0) } }

    private func noise(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    @Test(arguments: [512, 4_096, 65_536, 300_000]) func noiseIsEven(count: Int) {
        #expect(isEven(noise(count)))
    }

    @Test func whatShrinksIsNot() {
        #expect(!isEven(Array(String(repeating: "the quick brown fox ", count: 1_000).utf8)))
        #expect(!isEven([UInt8](repeating: 0, count: 65_536)))
        // Base64 of noise: 6 bits in 8.
        let symbols = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        #expect(!isEven(noise(65_536).map { symbols[Int($0 % 64)] }))
        // Machine numbers: every fourth byte is zero.
        #expect(!isEven(noise(65_536).enumerated().map { $0 % 4 == 3 ? 0 : $1 }))
    }

    /// A heading before noise, or noise before text: both ends are looked at.
    @Test func bothEndsCount() {
        let text = Array(String(repeating: "0123456789 ", count: 500).utf8)
        #expect(!isEven(text + noise(60_000)) && !isEven(noise(60_000) + text))
    }

    @Test func fewBytesSayNothing() {
        #expect(!isEven(noise(511)) && !isEven([]))
    }
}
