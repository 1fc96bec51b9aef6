import MeshWire
import Testing

@Suite struct Base32Tests {
    @Test(arguments: [
        ("", ""), ("f", "cr"), ("fo", "csqg"), ("foo", "csqpy"), ("foob", "csqpyrg"), ("fooba", "csqpyrk1"),
        ("hello world", "d1jprv3f41vpywkccg"),
    ]) func vectors(plain: String, text: String) {
        #expect(Base32.encode(bytes(plain)) == text)
        #expect(Base32.decode(text) == bytes(plain))
        #expect(Base32.decode(text.uppercased()) == bytes(plain))
    }

    @Test func readingForgives() {
        let plain = hex("0044")
        #expect(Base32.encode(plain) == "0120")
        for text in ["0120", "oI2O", "0l20", "O-L2-0", " 01 20 ", "o i-2o"] { #expect(Base32.decode(text) == plain) }
    }

    @Test(arguments: ["u", "crU", "c!", "cü", "c\u{0}r", "ñ", "c@", "c`", "c/"]) func otherSymbolsAreRefused(
        text: String
    ) {
        #expect(Base32.decode(text) == nil)
    }

    @Test func leftOverBitsMustBeZeroAndFewerThanASymbol() {
        #expect(Base32.decode("cr") == bytes("f"))
        #expect(Base32.decode("cs") == nil)
        #expect(Base32.decode("0") == nil)
        #expect(Base32.decode("000") == nil)
        #expect(Base32.decode("00") == [0])
    }

    @Test func allBytesComeBack() {
        for length in 0..<40 {
            let plain = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37 + length) }
            #expect(Base32.decode(Base32.encode(plain)) == plain)
        }
        for byte in UInt8.min...UInt8.max { #expect(Base32.decode(Base32.encode([byte])) == [byte]) }
    }

    @Test func everySymbolHasItsValue() {
        for (value, symbol) in Base32.alphabet.enumerated() { #expect(Base32.value(of: symbol) == UInt8(value)) }
        let known = (UInt8.min...UInt8.max).filter { Base32.value(of: $0) != nil }
        // 10 digits, and all letters in both cases but u.
        #expect(known.count == 10 + 2 * 25)
    }
}
