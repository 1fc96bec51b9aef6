import MeshWire
import Testing

@Suite struct EntryPathTests {
    private func path(_ length: Int, component: Int) -> [UInt8] {
        (0..<length).map { $0 % (component + 1) == component ? UInt8(ascii: "/") : UInt8(ascii: "a") }
    }

    @Test func componentsAreTakenApart() throws {
        let path = try EntryPath(bytes("a/b c/.d"))
        #expect(path.components == [bytes("a"), bytes("b c"), bytes(".d")])
        #expect(path.name == bytes(".d"))
        #expect(Array(path.folder) == [bytes("a"), bytes("b c")])
        #expect(path.bytes == bytes("a/b c/.d"))
        #expect(try EntryPath([0xff, 0x2f, 0x0a]).components == [[0xff], [0x0a]])
    }

    @Test(arguments: [
        "", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/.", "a/./b", "../a", "a/..", "a/../b", "a\0", "a/\0/b",
    ]) func whatEscapesOrNamesNothingIsRefused(text: String) {
        let error = WireError.invalid("path (\(EntryPath.escaped(bytes(text))))")
        #expect(throws: error) { try EntryPath(bytes(text)) }
        #expect(!EntryPath.isValid(bytes(text)))
    }

    @Test(arguments: ["...", "..a", "a..", " ", "~", "-rf", "a\\..\\b", "C:\\x", "con", "a\n"])
    func otherNamesAreNames(text: String) throws {
        #expect(try EntryPath(bytes(text)).components == [bytes(text)])
        #expect(EntryPath.isValid(bytes(text)) && EntryPath.isName(bytes(text)))
        #expect(!EntryPath.isName(bytes("a/" + text)))
    }

    @Test func limits() throws {
        #expect(try EntryPath([UInt8](repeating: 97, count: 255)).name.count == 255)
        #expect(throws: WireError.self) { try EntryPath([UInt8](repeating: 97, count: 256)) }
        #expect(try EntryPath(path(511, component: 1)).components.count == 256)
        #expect(throws: WireError.tooLarge("path depth", got: 257, limit: 256)) {
            try EntryPath(path(513, component: 1))
        }
        #expect(try EntryPath(path(4_095, component: 255)).components.count == 16)
        #expect(try EntryPath(path(4_096, component: 254)).bytes.count == 4_096)
        #expect(throws: WireError.tooLarge("path", got: 4_097, limit: 4_096)) {
            try EntryPath(path(4_097, component: 254))
        }
    }

    @Test func namesOfPartsAreReserved() throws {
        let part = ".pmesh-0123456789abcdef-7.part"
        #expect(try EntryPath(bytes(part)).isReserved)
        #expect(try EntryPath(bytes("a/\(part)")).isReserved)
        #expect(try EntryPath(bytes("\(part)/a")).isReserved)
        #expect(try EntryPath(bytes(".pmesh-0123456789abcdef-18446744073709551615.part")).isReserved)
        let transfer = TransferID(Bytes16([UInt8](repeating: 0xff, count: 16))!)
        #expect(EntryPath.isPartName(EntryPath.partName(transfer, entry: .max)))
    }

    @Test(arguments: [
        ".pmesh-", ".pmesh", "pmesh-x.part", "a.part", ".pmesh-x.par", ".pmeshignore", ".pmesh-/.part", ".pmesh-.part",
        ".pmesh-x.part", ".pmesh-0123456789abcdef-.part", ".pmesh-0123456789abcdef-7.parts",
        ".pmesh-0123456789abcde-7.part", ".pmesh-0123456789abcdeff-7.part", ".pmesh-0123456789ABCDEF-7.part",
        ".pmesh-0123456789abcdei-7.part", ".pmesh-0123456789abcdef-07.part", ".pmesh-0123456789abcdef-+7.part",
        ".pmesh-0123456789abcdef-18446744073709551616.part", ".pmesh-0123456789abcdef_7.part",
    ])
    func namesThatOnlyLookLikePartsAreNot(name: String) throws {
        #expect(try !EntryPath(bytes(name)).isReserved)
    }

    @Test(arguments: [
        ([UInt8]("a b/ü".utf8), "a b/ü"), ([0x5c], "\\x5c"), ([0x0a, 0x1b, 0x7f], "\\x0a\\x1b\\x7f"),
        ([0xff, 0x61, 0xc3], "\\xffa\\xc3"), ([0xc3, 0xbc, 0x80], "ü\\x80"), ([0xf0, 0x9f, 0x98, 0x80], "😀"),
        ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"), ([0xc0, 0xaf], "\\xc0\\xaf"), ([0x00], "\\x00"),
        // Right-to-left override, zero-width space, line separator, private use, next line.
        ([0xe2, 0x80, 0xae], "\\xe2\\x80\\xae"), ([0xe2, 0x80, 0x8b], "\\xe2\\x80\\x8b"),
        ([0xe2, 0x80, 0xa8], "\\xe2\\x80\\xa8"), ([0xee, 0x80, 0x80], "\\xee\\x80\\x80"), ([0xc2, 0x85], "\\xc2\\x85"),
        ([], ""),
    ]) func namesAreEscapedForPeople(name: [UInt8], text: String) {
        #expect(EntryPath.escaped(name) == text)
    }

    @Test func escapingNeverLeavesAControlCharacter() {
        var random = Seeded(2)
        for _ in 0..<2_000 {
            let name = (0..<Int.random(in: 0...12, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
            }
            let text = EntryPath.escaped(name)
            #expect(text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
            #expect(text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .format })
        }
    }
}
