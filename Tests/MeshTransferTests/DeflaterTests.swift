import MeshTransfer
import Testing

@Suite struct DeflaterTests {
    private let text = bytes(String(repeating: "the quick brown fox jumps over the lazy dog. ", count: 2_000))

    /// Deflates `input`, given in pieces of `piece` bytes, into regions of these lengths; nil where they are too small.
    private func deflate(_ input: [UInt8], piece: Int = .max, regions: [Int], level: Int = 6) -> [UInt8]? {
        var deflater = Deflater(level: level)!
        var output = [UInt8](repeating: 0xee, count: regions.reduce(0, +))
        let written = input.withUnsafeBytes { input in
            output.withUnsafeMutableBytes { output in
                var start = 0
                let targets = regions.map { length in
                    defer { start += length }
                    return UnsafeMutableRawBufferPointer(rebasing: output[start..<start + length])
                }
                return deflater.deflate(Self.cut(input, piece), into: targets)
            }
        }
        return written.map { Array(output.prefix($0)) }
    }

    private func inflate(_ input: [UInt8], piece: Int = .max, length: Int) -> [UInt8]? {
        var inflater = Inflater()!
        var output = [UInt8](repeating: 0, count: length)
        let isWhole = input.withUnsafeBytes { input in
            output.withUnsafeMutableBytes { inflater.inflate(Self.cut(input, piece), into: $0) }
        }
        return isWhole ? output : nil
    }

    private static func cut(_ bytes: UnsafeRawBufferPointer, _ piece: Int) -> [UnsafeRawBufferPointer] {
        stride(from: 0, to: bytes.count, by: min(piece, max(bytes.count, 1))).map {
            UnsafeRawBufferPointer(rebasing: bytes[$0..<min(bytes.count, $0 + min(piece, bytes.count))])
        }
    }

    @Test(arguments: [1, 6, 9]) func whatIsDeflatedIsInflated(level: Int) throws {
        let small = try #require(deflate(text, regions: [text.count], level: level))
        #expect(small.count < text.count / 20)
        #expect(inflate(small, length: text.count) == text)
    }

    @Test func inputAndOutputMayLieInPieces() throws {
        let whole = try #require(deflate(text, regions: [text.count]))
        let regions = [1, 7, 100] + [Int](repeating: 64, count: text.count / 64)
        #expect(deflate(text, piece: 1_000, regions: regions) == whole)
        for piece in [1, 2, 3, 100] { #expect(inflate(whole, piece: piece, length: text.count) == text) }
    }

    @Test func whatDoesNotFitIsRefusedAndTheStreamIsUsableAfterwards() throws {
        let whole = try #require(deflate(text, regions: [text.count]))
        #expect(deflate(text, regions: [whole.count]) == whole)
        #expect(deflate(text, regions: [whole.count - 1]) == nil)
        #expect(deflate(text, regions: []) == nil)
        var deflater = Deflater(level: 6)!
        var output = [UInt8](repeating: 0, count: whole.count)
        let written = text.withUnsafeBytes { text in
            output.withUnsafeMutableBytes { output in
                let none = deflater.deflate([text], into: [UnsafeMutableRawBufferPointer(rebasing: output.prefix(10))])
                #expect(none == nil)
                return deflater.deflate([text], into: [output])
            }
        }
        #expect(written == whole.count)
        #expect(output == whole)
    }

    @Test func theLengthIsExact() throws {
        let small = try #require(deflate(text, regions: [text.count]))
        #expect(inflate(small, length: text.count - 1) == nil)
        #expect(inflate(small, length: text.count + 1) == nil)
        #expect(inflate(small, length: 0) == nil)
    }

    @Test func aStreamThatIsCutOrHasATailIsRefused() throws {
        let small = try #require(deflate(Array(text.prefix(500)), regions: [500]))
        for count in 0..<small.count {
            #expect(inflate(Array(small.prefix(count)), length: 500) == nil)
            #expect(inflate(Array(small.prefix(count)), piece: 1, length: 500) == nil)
        }
        #expect(inflate(small + [0], length: 500) == nil)
        #expect(inflate(small + [0], piece: 1, length: 500) == nil)
        #expect(inflate(small + [0], piece: small.count, length: 500) == nil)
    }

    @Test func everyFlippedBitIsFoundOrHarmless() throws {
        let plain = Array(text.prefix(300))
        let small = try #require(deflate(plain, regions: [300]))
        for bit in 0..<small.count * 8 {
            var damaged = small
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            let result = inflate(damaged, length: 300)
            // The header's level is said for information alone.
            #expect(result == nil || result == plain)
        }
    }

    @Test func theStreamIsZlibs() throws {
        // `zlib.compress(b"abc", 6)`
        let vector: [UInt8] = [0x78, 0x9c, 0x4b, 0x4c, 0x4a, 0x06, 0x00, 0x02, 0x4d, 0x01, 0x27]
        #expect(deflate(bytes("abc"), regions: [100]) == vector)
        #expect(inflate(vector, length: 3) == bytes("abc"))
    }

    @Test func aBombStopsAtItsBound() throws {
        let bomb = try #require(deflate([UInt8](repeating: 0, count: 10_000_000), regions: [20_000], level: 9))
        #expect(bomb.count < 20_000)
        #expect(inflate(bomb, length: 100_000) == nil)
    }
}
