import MeshWire
import NIOCore
import Testing

@Suite struct WireValueTests {
    private func varint(_ text: String, limit: UInt64 = .max) throws(WireError) -> UInt64 {
        var buffer = buffer(text)
        let value = try buffer.wireVarint("number", limit: limit)
        try buffer.wireEnd("number")
        return value
    }

    @Test(arguments: [
        (UInt64(0), "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (16_383, "ff7f"), (16_384, "808001"),
        (1 << 40, "808080808020"), (UInt64(Int64.max), "ffffffffffffffff7f"), (.max, "ffffffffffffffffff01"),
    ]) func numbersAreLEB128(value: UInt64, text: String) throws {
        var written = ByteBuffer()
        written.writeVarint(value)
        #expect(array(written) == hex(text))
        #expect(try varint(text) == value)
    }

    @Test func numbersThatAreCutTooLongOrTooLargeAreRefused() {
        #expect(throws: WireError.truncated("number")) { try varint("") }
        #expect(throws: WireError.truncated("number")) { try varint("80") }
        #expect(throws: WireError.truncated("number")) { try varint("ffffffffffffffffff") }
        #expect(throws: WireError.invalid("number")) { try varint("ffffffffffffffffff02") }
        #expect(throws: WireError.invalid("number")) { try varint("8080808080808080808000") }
        #expect(throws: WireError.tooLarge("number", got: 128, limit: 127)) { try varint("8001", limit: 127) }
        #expect(throws: Never.self) { try varint("7f", limit: 127) }
    }

    @Test func countedBytesAreBoundedBeforeTheyAreRead() throws {
        var good = buffer("03 616263 ff")
        #expect(try good.wireBytes("name", limit: 3) == bytes("abc"))
        #expect(good.readableBytes == 1)
        var long = buffer("04 61626364")
        #expect(throws: WireError.tooLarge("name", got: 4, limit: 3)) { try long.wireBytes("name", limit: 3) }
        var cut = buffer("03 6162")
        #expect(throws: WireError.truncated("name")) { try cut.wireBytes("name", limit: 3) }
        var written = ByteBuffer()
        written.writeCountedBytes(bytes("abc"))
        #expect(array(written) == hex("03 616263"))
    }

    @Test func wholeNumbersAreBigEndian() throws {
        var buffer = buffer("01 02030405 060708090a0b0c0d")
        #expect(try buffer.wireUInt8("a") == 1)
        #expect(try buffer.wireUInt32("b") == 0x0203_0405)
        #expect(try buffer.wireUInt64("c") == 0x0607_0809_0a0b_0c0d)
        #expect(throws: WireError.truncated("a")) { try buffer.wireUInt8("a") }
        #expect(throws: WireError.truncated("b")) { try buffer.wireUInt32("b") }
        #expect(throws: WireError.truncated("c")) { try buffer.wireUInt64("c") }
        #expect(throws: WireError.truncated("d")) { try buffer.wireBytes32("d") }
        #expect(throws: WireError.truncated("e")) { try buffer.wireBytes16("e") }
    }

    @Test func fixedBytesHoldTheirLengthExactly() {
        #expect(Bytes32(0..<31) == nil)
        #expect(Bytes32(0..<33) == nil)
        #expect(Bytes32(0..<32)?.array == Array(0..<32))
        // Memory is copied at once, other sequences byte by byte.
        for count in [0, 31, 33] { #expect(Bytes32([UInt8](repeating: 1, count: count)) == nil) }
        #expect(Bytes32(Array(1..<33))?.array == Array(1..<33))
        #expect(Bytes32(Array(0..<40)[4..<36])?.array == Array(4..<36))
        #expect(Bytes16(0..<15) == nil)
        #expect(Bytes16(0..<17) == nil)
        #expect(Bytes16(0..<16)?.array == Array(0..<16))
        #expect(Bytes32() < counting)
        #expect(!(counting < counting))
    }

    @Test func everyRefusalIsASentence() {
        #expect("\(WireError.truncated("want"))" == "the peer sent a truncated want")
        #expect("\(WireError.trailing("want"))" == "the peer sent bytes after the end of a want")
        #expect(
            "\(WireError.tooLarge("path", got: 5, limit: 4))" == "the peer sent a path of 5, more than the limit of 4")
        #expect("\(WireError.unknown("frame type", 9))" == "the peer sent an unknown frame type (9)")
        #expect("\(WireError.invalid("path"))" == "the peer sent an invalid path")
    }
}
