import MeshWire
import NIOCore
import Testing

@Suite struct DiscoveryMessageTests {
    private func read(_ payload: ByteBuffer) throws(WireError) -> DiscoveryMessage {
        try DiscoveryMessage(reading: payload)
    }

    @Test func aQuestion() throws {
        let question = DiscoveryMessage.question(number: 0x0102)
        #expect(array(question.encoded()) == hex("01 0000000000000102") + [UInt8](repeating: 0, count: 900))
        #expect(try read(question.encoded()) == question)
    }

    @Test func anAnswer() throws {
        let answer = DiscoveryMessage.answer(
            number: 3, node: NodeID(counting),
            addresses: [NodeAddress(host: "10.0.0.1", port: 4_242), NodeAddress(host: "fe80::1%eth0", port: 1)])
        let text =
            "02 0000000000000003" + countingHex + "02 08" + "31302e302e302e31" + "1092 0c" + "666538303a3a312565746830"
            + "0001"
        #expect(array(answer.encoded()) == hex(text))
        #expect(try read(buffer(text)) == answer)
        expectWhole(buffer(text), read)
    }

    @Test func noAnswerIsLongerThanItsQuestionOrADatagram() {
        let longest = NodeAddress(host: String(repeating: "f", count: 60), port: .max)
        let answer = DiscoveryMessage.answer(
            number: .max, node: NodeID(counting), addresses: [NodeAddress](repeating: longest, count: 20))
        let question = DiscoveryMessage.question(number: .max)
        #expect(answer.encoded().readableBytes <= question.encoded().readableBytes)
        #expect(question.encoded().readableBytes + 64 <= Limits.datagram)
    }

    @Test func sixteenAddressesAreTheMost() throws {
        let address = NodeAddress(host: "a", port: 1)
        func answer(_ count: Int) -> DiscoveryMessage {
            .answer(number: 0, node: NodeID(counting), addresses: [NodeAddress](repeating: address, count: count))
        }
        #expect(try read(answer(16).encoded()) == answer(16))
        #expect(try read(answer(17).encoded()) == answer(16))
        let head = "02 0000000000000000" + countingHex
        #expect(refusal(of: buffer(head + "11"), read) == .tooLarge("address count", got: 17, limit: 16))
        #expect(refusal(of: buffer(head + "01 2e"), read) == .tooLarge("address", got: 46, limit: 45))
    }

    /// Found by fuzzing: a NUL ends a name early for the resolver, and what is no UTF-8 grew beyond its limit when repaired.
    @Test(arguments: ["00", "61 00 62", "ff ff ff", "1b 5b 32 4a", "5b 3a 5d", ""])
    func whatIsNoHostIsRefused(host: String) {
        let count = String(hex(host).count, radix: 16)
        let text = "02 0000000000000000" + countingHex + "01 0" + count + host + "0001"
        #expect(refusal(of: buffer(text), read) == .invalid("address"))
    }

    @Test func otherKindsAreUnknown() {
        #expect(refusal(of: buffer("00 0000000000000000"), read) == .unknown("datagram", 0))
        #expect(refusal(of: buffer("03 0000000000000000"), read) == .unknown("datagram", 3))
        #expect(refusal(of: buffer("03 00"), read) == .truncated("datagram"))
        #expect(refusal(of: ByteBuffer(), read) == .truncated("datagram"))
    }
}

@Suite struct NodeAddressTests {
    @Test(arguments: [
        ("host:1", "host", UInt16(1)), ("10.0.0.1:65535", "10.0.0.1", 65_535), ("[::1]:80", "::1", 80),
        ("[fe80::1%eth0]:7", "fe80::1%eth0", 7),
    ]) func addressesAreReadAndWritten(text: String, host: String, port: UInt16) {
        let address = NodeAddress(host: host, port: port)
        #expect(NodeAddress(text) == address)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", "host", ":1", "host:", "host:65536", "host:-1", "::1:80", "fe80::1", "[]:1", "host:x",
        // Found by fuzzing: written as `[a]:1`, it was read back as another host.
        "[[a]]:1", "]:1", "a b:1", "a\u{1b}:1",
    ])
    func otherTextIsNoAddress(text: String) {
        #expect(NodeAddress(text) == nil)
    }
}
