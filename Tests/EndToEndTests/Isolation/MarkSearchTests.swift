import Foundation
import MeshTransfer
import MeshWire
import Testing

/// The search can fail: whatever is hidden is found, and nothing else is.
@Suite struct MarkSearchTests {
    private static let mark = Mark(.chatLine)
    private static let search = MarkSearch([mark, Mark(.noise)])

    /// One mark each, as programs would write it.
    private static let hidden: [(dress: Dress, bytes: [UInt8])] = [
        (.plain, mark.bytes),
        (.json, Array(try! JSONEncoder().encode([mark.text]))),
        (.json, mark.bytes.flatMap { Array("\\u00\(String($0, radix: 16))".utf8) }),
        (.hex, mark.bytes.flatMap { Array(String($0, radix: 16, uppercase: true).utf8) }),
        (.base64, Array(Data(mark.bytes).base64EncodedString().utf8)),
        (.base64, Array(Data([1] + mark.bytes).base64EncodedString().utf8)),
        (.base64, Array(Data([1, 2] + mark.bytes).base64EncodedString().utf8)),
        (.base32, Array(Base32.encode([7, 7, 7] + mark.bytes).utf8)),
        (.utf16, Array(mark.text.data(using: .utf16BigEndian)!)),
        (.utf16, Array(mark.text.data(using: .utf16LittleEndian)!)),
        (.decimals, Array(try! JSONEncoder().encode(mark.bytes))),
        (.percent, mark.bytes.flatMap { Array("%\(String($0, radix: 16))".utf8) }),
    ]

    @Test(arguments: hidden) func everyDressIsSeenThrough(dress: Dress, bytes: [UInt8]) {
        let found = Self.search.finds(in: Noise.bytes(10_000) + bytes + Noise.bytes(10_000))
        #expect(found.contains { $0.mark == Self.mark && $0.dress == dress && !$0.isDeflated })
    }

    @Test func everyDressIsTried() {
        #expect(Set(Self.hidden.map(\.dress)) == Set(Dress.allCases))
    }

    /// With zlib's header anywhere; without one where every offset is tried.
    @Test(arguments: [true, false]) func deflatedBytesAreLookedInto(hasHeader: Bool) throws {
        guard var deflater = Deflater(level: 9) else { return }
        let plain = Array("before it and ".utf8) + Self.mark.bytes + Array(" behind it".utf8)
        var room = [UInt8](repeating: 0, count: 1_000)
        let count = room.withUnsafeMutableBytes { room in
            plain.withUnsafeBytes { deflater.deflate([$0], into: [room]) }
        }
        let deflated = Array(room.prefix(try #require(count)).dropFirst(hasHeader ? 0 : 2))
        let bytes = Noise.bytes(2_000) + deflated + Noise.bytes(2_000)
        #expect(Self.search.finds(in: bytes, deep: !hasHeader).contains { $0.mark == Self.mark && $0.isDeflated })
    }

    @Test func halfAMarkIsEnough() {
        #expect(!Self.search.finds(in: Array(Self.mark.bytes.prefix(16)) + Noise.bytes(100)).isEmpty)
        #expect(!Self.search.finds(in: Array(Self.mark.bytes.suffix(16)) + Noise.bytes(100)).isEmpty)
    }

    @Test func noiseHoldsNoMark() {
        #expect(Self.search.finds(in: Noise.bytes(300_000)).isEmpty)
        #expect(Self.search.finds(in: Noise.bytes(20_000), deep: true).isEmpty)
        #expect(Self.search.finds(in: Mark(.chatLine).bytes).isEmpty)
    }
}
