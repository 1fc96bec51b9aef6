import Testing

@testable import PrimeMesh

@Suite struct AbsolutePathTests {
    @Test(arguments: [
        ("report", "/home/ada/report"), ("./report/", "/home/ada/report"), ("a//b/./c", "/home/ada/a/b/c"),
        ("/data", "/data"), ("/data//x/", "/data/x"), ("/", "/"), (".", "/home/ada"), ("", "/home/ada"),
        // Behind a link `..` leads elsewhere than the text says: the system decides.
        ("../ben", "/home/ada/../ben"), ("/a/../b", "/a/../b"),
    ])
    func isMadeWithoutTheDisk(_ path: String, _ expected: String) {
        #expect(AbsolutePath.of(bytes(path), below: bytes("/home/ada")) == bytes(expected))
    }

    @Test func keepsBytesThatAreNoText() {
        #expect(AbsolutePath.of([0xff, 0x2f, 0xfe], below: bytes("/")) == [0x2f, 0xff, 0x2f, 0xfe])
    }

    @Test(arguments: [
        ("/a/b", "/a/b", true), ("/a/b/c", "/a/b", true), ("/a/b", "/", true), ("/", "/", true),
        ("/a/bc", "/a/b", false),
        ("/a", "/a/b", false), ("/b/a/b", "/a/b", false),
    ])
    func liesAtAFolderOrBelow(_ path: String, _ folder: String, _ expected: Bool) {
        #expect(AbsolutePath.lies(bytes(path), at: bytes(folder)) == expected)
    }
}
