import MeshWire
import NIOCore
import Testing

@Suite struct FrameHeaderTests {
    private func read(_ text: String, limit: Int = Limits.message) throws(WireError) -> FrameHeader {
        var buffer = buffer(text)
        return try FrameHeader(reading: &buffer, limit: limit)
    }

    @Test(arguments: [
        ("00 00 0000 00000000", FrameHeader(kind: .message, stream: 0, length: 0)),
        ("01 00 0102 00000004", FrameHeader(kind: .acknowledgement, stream: 0x0102, length: 4)),
        ("02 00 0000 0000003b", FrameHeader(kind: .handshake, stream: 0, length: 59)),
        ("03 00 0000 00000011", FrameHeader(kind: .test, stream: 0, length: 17)),
        ("04 03 ffff 00020000", FrameHeader(kind: .fragment, flags: 3, stream: .max, length: 131_072)),
        ("00 00 0001 00040000", FrameHeader(kind: .message, stream: 1, length: 262_144)),
    ]) func vectors(text: String, header: FrameHeader) throws {
        #expect(try read(text) == header)
        var written = ByteBuffer()
        header.write(into: &written)
        #expect(array(written) == hex(text))
        var set = ByteBuffer(repeating: 0xee, count: 10)
        header.set(in: &set, at: 1)
        #expect(array(set) == [0xee] + hex(text) + [0xee])
    }

    @Test(arguments: [
        ("05 00 0000 00000000", WireError.unknown("frame type", 5)),
        ("ff 00 0000 00000000", .unknown("frame type", 255)),
        ("04 04 0000 00000000", .invalid("frame flags")),
        ("04 80 0000 00000000", .invalid("frame flags")),
        ("00 01 0000 00000000", .invalid("frame flags")),
        ("03 02 0000 00000000", .invalid("frame flags")),
        ("04 00 0000 00020001", .tooLarge("frame", got: 131_073, limit: 131_072)),
        ("00 00 0000 00040001", .tooLarge("frame", got: 262_145, limit: 262_144)),
        ("00 00 0000 ffffffff", .tooLarge("frame", got: 4_294_967_295, limit: 262_144)),
    ]) func refusals(text: String, error: WireError) {
        #expect(throws: error) { try read(text) }
    }

    @Test func beforeTheHandshakeTheLimitIsFourKibibytes() throws {
        #expect(try read("02 00 0000 00001000", limit: Limits.beforeHandshake).length == 4_096)
        #expect(throws: WireError.tooLarge("frame", got: 4_097, limit: 4_096)) {
            try read("02 00 0000 00001001", limit: Limits.beforeHandshake)
        }
    }

    @Test func aHeaderThatIsCutIsTruncated() {
        for count in 0..<8 {
            #expect(throws: WireError.truncated("frame header")) { try read(String(repeating: "00", count: count)) }
        }
    }
}

@Suite struct ChunkHeaderTests {
    private func read(_ payload: ByteBuffer) throws(WireError) -> ChunkHeader {
        var payload = payload
        return try ChunkHeader(reading: &payload)
    }

    private func refused(_ text: String) -> WireError? { refusal(of: buffer(text + countingHex), read) }

    @Test(arguments: [
        ("0000000000000000 00 00000001 00000001", 0, ChunkEncoding.raw, 1, 1),
        ("0000000000000100 01 00040000 00000010", 256, .zlib, 262_144, 16),
        ("000000ffffffffff 02 00400000 00000000", 1_099_511_627_775, .zero, 4_194_304, 0),
        ("0000000000000007 00 00400000 00400000", 7, .raw, 4_194_304, 4_194_304),
    ]) func vectors(text: String, number: UInt64, encoding: ChunkEncoding, raw: Int, encoded: Int) throws {
        let header = ChunkHeader(
            number: number, encoding: encoding, rawLength: raw, encodedLength: encoded, digest: counting)
        let whole = hex(text + countingHex)
        #expect(whole.count == ChunkHeader.size)
        #expect(try read(ByteBuffer(bytes: whole)) == header)
        var set = ByteBuffer(repeating: 0xee, count: 51)
        header.set(in: &set, at: 1)
        #expect(array(set) == [0xee] + whole + [0xee])
    }

    @Test func refusals() {
        #expect(
            refused("0000010000000000 00 00000001 00000001")
                == .tooLarge("chunk number", got: 1 << 40, limit: (1 << 40) - 1))
        #expect(refused("0000000000000000 03 00000001 00000001") == .unknown("chunk encoding", 3))
        #expect(
            refused("0000000000000000 00 00400001 00400001") == .tooLarge("chunk", got: 4_194_305, limit: 4_194_304))
        let length = WireError.invalid("chunk length")
        #expect(refused("0000000000000000 00 00000000 00000000") == length)
        #expect(refused("0000000000000000 02 00000000 00000000") == length)
        #expect(refused("0000000000000000 00 00000002 00000001") == length)
        #expect(refused("0000000000000000 00 00000001 00000002") == length)
        // Deflated it must be smaller, and something.
        #expect(refused("0000000000000000 01 00000002 00000002") == length)
        #expect(refused("0000000000000000 01 00000002 00000000") == length)
        #expect(refused("0000000000000000 01 00000002 00000001") == nil)
        #expect(refused("0000000000000000 02 00000002 00000001") == length)
    }

    @Test func aHeaderThatIsCutIsTruncated() {
        let whole = buffer("0000000000000000 00 00000001 00000001" + countingHex)
        for count in 0..<ChunkHeader.size {
            guard case .truncated = refusal(of: whole.getSlice(at: 0, length: count)!, read) else {
                return #expect(Bool(false), "\(count) bytes")
            }
        }
    }
}
