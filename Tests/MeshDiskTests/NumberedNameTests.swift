import Testing

@testable import MeshDisk

@Suite struct NumberedNameTests {
    @Test(arguments: [
        ("a.txt", "a (1).txt"), ("a", "a (1)"), (".bashrc", ".bashrc (1)"), ("a.tar.gz", "a.tar (1).gz"),
        ("a.", "a. (1)"),
        ("a. much too long to be a suffix of a name", "a. much too long to be a suffix of a name (1)"),
    ])
    func `the number goes before the suffix`(_ name: String, _ numbered: String) {
        #expect(NumberedName(name.bytes)[0] == name.bytes)
        #expect(NumberedName(name.bytes)[1] == numbered.bytes)
    }

    @Test func `a long stem is cut so that the name stays legal`() {
        let name = [UInt8](repeating: UInt8(ascii: "x"), count: 251) + ".txt".bytes
        #expect(NumberedName(name)[9_999].count == 255)
        #expect(NumberedName(name)[9_999].suffix(11) == " (9999).txt".bytes[...])
    }

    @Test func `a character is never cut in half`() {
        let name = String(repeating: "é", count: 127).bytes
        let numbered = NumberedName(name)[1]
        #expect(String(validating: numbered, as: UTF8.self) == String(repeating: "é", count: 125) + " (1)")
    }
}
