import MeshWire
import NIOCore
import Testing

@Suite struct LaneHandshakeTests {
    private static let name = LaneName(
        channel: ChannelID(counting16), epoch: 0x0102_0304, prime: 1_009, generation: 0x0506_0708)
    private static let ones = Bytes32([UInt8](repeating: 1, count: 32))!
    private static let onesHex = String(repeating: "01", count: 32)

    private static let cases: [(text: String, message: LaneHandshake)] = [
        ("01" + counting16Hex + "01020304 03f1 05060708" + countingHex, .hello(name, nonce: counting)),
        ("02" + countingHex + onesHex, .welcome(nonce: counting, proof: ones)),
        ("03" + countingHex, .proof(counting)),
        ("04 000e", .refused(.unknown)),
    ]

    private func read(_ payload: ByteBuffer) throws(WireError) -> LaneHandshake { try LaneHandshake(reading: payload) }

    @Test(arguments: cases) func vectors(text: String, message: LaneHandshake) throws {
        #expect(array(message.encoded()) == hex(text))
        #expect(try read(buffer(text)) == message)
        expectWhole(message.encoded(), read)
    }

    @Test func otherStepsAreUnknown() {
        #expect(refusal(of: buffer("00"), read) == .unknown("lane handshake", 0))
        #expect(refusal(of: buffer("05"), read) == .unknown("lane handshake", 5))
        #expect(refusal(of: buffer("04 ffff"), read) == .unknown("failure code", 65_535))
    }

    @Test func everyHandshakeFitsBeforeTheHandshake() {
        for (_, message) in Self.cases { #expect(message.encoded().readableBytes <= Limits.beforeHandshake) }
    }
}

@Suite struct ChannelTestTests {
    private static let cases: [(text: String, message: ChannelTest)] = [
        ("01 0000000000000001 0000000000000002", .probe(number: 1, sent: 2)),
        ("02 ffffffffffffffff 0102030405060708", .echo(number: .max, sent: 0x0102_0304_0506_0708)),
        ("03 0000000000050000", .credit(freed: 327_680)),
        ("04", .drain),
    ]

    private func read(_ payload: ByteBuffer) throws(WireError) -> ChannelTest { try ChannelTest(reading: payload) }

    @Test(arguments: cases) func vectors(text: String, message: ChannelTest) throws {
        #expect(array(message.encoded()) == hex(text))
        #expect(try read(buffer(text)) == message)
        expectWhole(message.encoded(), read)
    }

    @Test func otherKindsAreUnknown() {
        #expect(refusal(of: buffer("00"), read) == .unknown("channel test", 0))
        #expect(refusal(of: buffer("05"), read) == .unknown("channel test", 5))
    }
}
