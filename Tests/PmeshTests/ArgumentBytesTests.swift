import Testing

@testable import pmesh

@Suite struct ArgumentBytesTests {
    @Test(arguments: ["", "report.pdf", "--out=Ünïcode/😀", "e\u{301}", "\u{FFFD}"])
    func textStaysAsItIs(_ text: String) {
        #expect(Array(ArgumentBytes.text(of: Array(text.utf8)).utf8) == Array(text.utf8))
        #expect(ArgumentBytes.bytes(of: text) == Array(text.utf8))
    }

    @Test(
        arguments: [
            [0xff], [0x61, 0xff, 0x62], [0xc3], [0xc3, 0x28], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0x80, 0x80],
            [0xed, 0xa0, 0x80],
            // Valid UTF-8 that looks like the placeholder of 0xff.
            Array("\u{10F7FF}".utf8), Array("a\u{10F780}".utf8) + [0xfe],
            // Outside of the placeholders.
            Array("\u{10F77F}\u{10F800}".utf8) + [0xff],
        ] as [[UInt8]])
    func bytesThatAreNotTextComeBack(_ bytes: [UInt8]) {
        #expect(ArgumentBytes.bytes(of: ArgumentBytes.text(of: bytes)) == bytes)
    }

    @Test func everyByteComesBack() {
        let bytes = Array(UInt8(1)...UInt8(255))
        #expect(ArgumentBytes.bytes(of: ArgumentBytes.text(of: bytes)) == bytes)
    }

    @Test func anOptionsNameAndEqualSignSurviveBesideBytes() {
        let text = ArgumentBytes.text(of: Array("--out=".utf8) + [0xff])
        #expect(text.hasPrefix("--out="))
        #expect(text.split(separator: "=").count == 2)
    }

    @Test func messagesShowWhatCannotBeShownAsOneSign() {
        #expect(ArgumentBytes.readable(ArgumentBytes.text(of: [0x61, 0xff])) == "a\u{FFFD}")
    }
}
