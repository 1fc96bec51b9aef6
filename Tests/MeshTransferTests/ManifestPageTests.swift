import MeshSimulation
import MeshTransfer
import MeshWire
import NIOCore
import Testing

@Suite struct ManifestPageTests {
    /// The parts of a page message.
    private struct Page {
        var first: UInt64
        var count: Int
        var rawLength: Int
        var deflated: ByteBuffer

        init?(_ message: DataMessage) {
            guard case .manifestPage(let first, let count, let rawLength, let deflated) = message else { return nil }
            (self.first, self.count, self.rawLength, self.deflated) = (first, count, rawLength, deflated)
        }

        func decoded() throws(WireError) -> [ManifestEntry] {
            try ManifestPage.decode(count: count, rawLength: rawLength, deflated: deflated)
        }
    }

    private func page(_ entries: [ManifestEntry], first: UInt64 = 0) throws -> Page {
        let encoded = try #require(ManifestPage.encode(entries, first: first))
        return try #require(Page(encoded.message))
    }

    private func file(_ path: [UInt8]) -> ManifestEntry { ManifestEntry(kind: .file, path: path, size: 1, mode: 0o600) }

    @Test func aPageComesBackAsItWas() throws {
        let entries = [
            ManifestEntry(kind: .folder, path: bytes("d"), mode: 0o755, seconds: -5, nanoseconds: 999_999_999),
            ManifestEntry(kind: .file, path: [0x64, 0x2f, 0xff], size: 300_000, allocated: 4_096, mode: 0o644),
            ManifestEntry(kind: .link, path: bytes("l"), target: bytes("../x"), firstChunk: 2),
            ManifestEntry(kind: .withdrawal, path: [], size: 1, firstChunk: 2),
        ]
        let page = try page(entries, first: 7)
        #expect(page.first == 7)
        #expect(page.count == 4)
        #expect(try page.decoded() == entries)
    }

    @Test func aPageHolds1024Entries() throws {
        let entries = [ManifestEntry](repeating: file(bytes("f")), count: 1_025)
        let (_, count) = try #require(ManifestPage.encode(entries, first: 0))
        #expect(count == 1_024)
    }

    @Test func aPageOfTheLongestPathsFitsAMessageEvenWhereNothingShrinks() throws {
        var random = Seeded(1)
        let entries = (0..<100).map { _ in
            var path: [UInt8] = []
            while path.count < Limits.path {
                let name = (0..<min(255, Limits.path - path.count)).map { _ in
                    UInt8.random(in: 48...255, using: &random)
                }
                path += name + [UInt8(ascii: "/")]
            }
            return ManifestEntry(kind: .link, path: Array(path.prefix(4_095)), target: Array(path.prefix(4_096)))
        }
        let (message, count) = try #require(ManifestPage.encode(entries, first: 0))
        #expect((20..<100).contains(count))
        #expect(message.encoded().readableBytes <= Limits.message)
        #expect(try Page(message)?.decoded().count == count)
    }

    @Test func aBombIsNotInflated() throws {
        var deflater = Deflater(level: 9)!
        let zeros = [UInt8](repeating: 0, count: 5_000_000)
        var output = [UInt8](repeating: 0, count: 20_000)
        let written = zeros.withUnsafeBytes { zeros in
            output.withUnsafeMutableBytes { deflater.deflate([zeros], into: [$0]) }
        }
        let bomb = ByteBuffer(bytes: output.prefix(try #require(written)))
        func decode(_ rawLength: Int) -> WireError? {
            do throws(WireError) {
                _ = try ManifestPage.decode(count: 1, rawLength: rawLength, deflated: bomb)
                return nil
            } catch { return error }
        }
        #expect(decode(1_000) == .invalid("manifest page"))
        #expect(decode(Limits.page) == .invalid("manifest page"))
        #expect(decode(5_000_000) == .invalid("manifest page"))
    }

    @Test func countsAndLengthsThatAreWrongAreRefused() throws {
        let entries = manifest([1, 2, 3])
        let page = try page(entries)
        for (count, length, error) in [
            (0, page.rawLength, WireError.invalid("manifest page")),
            (1_025, page.rawLength, .invalid("manifest page")),
            (2, page.rawLength, .trailing("manifest page")),
            (4, page.rawLength, .truncated("entry kind")),
            (3, page.rawLength - 1, .invalid("manifest page")),
            (3, page.rawLength + 1, .invalid("manifest page")),
            (3, 0, .invalid("manifest page")),
        ] {
            #expect(throws: error) {
                try ManifestPage.decode(count: count, rawLength: length, deflated: page.deflated)
            }
        }
        var cut = page.deflated
        cut.moveWriterIndex(to: cut.writerIndex - 1)
        #expect(throws: WireError.invalid("manifest page")) {
            try ManifestPage.decode(count: 3, rawLength: page.rawLength, deflated: cut)
        }
        #expect(throws: WireError.invalid("manifest page")) {
            try ManifestPage.decode(count: 1, rawLength: 0, deflated: ByteBuffer())
        }
    }

    @Test(arguments: [
        "/etc/passwd", "..", "a/../b", "a//b", "./a", "a/", "a\0b", ".pmesh-0123456789abcdef-1.part",
        "d/.pmesh-0123456789abcdef-1.part",
    ]) func pathsThatEscapeAreRefused(path: String) throws {
        let page = try page([file(bytes(path))])
        #expect(throws: WireError.invalid("path (\(EntryPath.escaped(bytes(path))))")) { try page.decoded() }
    }

    @Test(arguments: ["a", "a/b", ".a", "...", "a\\b", "C:", ".pmesh-", "x.part", ".pmesh-notes.txt"])
    func otherPathsAreTaken(path: String) throws {
        #expect(try page([file(bytes(path))]).decoded().map(\.path) == [bytes(path)])
    }
}
