import Testing

@testable import MeshDisk

@Suite struct LinkTargetTests {
    /// Target, depth of the folder that holds the link, leads outside.
    @Test(arguments: [
        ("a", 0, false), ("a/b/./c", 1, false), ("../a", 1, false), ("../../a", 2, false), ("..", 1, false),
        ("./../a", 1, false), ("/etc", 3, true), ("..", 0, true), ("../../a", 1, true), ("./../../a", 1, true),
        ("a/..", 3, true), ("../a/../..", 3, true), ("..a", 0, false), ("a..", 0, false), ("", 0, false),
    ])
    func table(_ target: String, _ depth: Int, _ leadsOutside: Bool) {
        let folder = [[UInt8]](repeating: "f".bytes, count: depth)
        #expect(LinkTarget.leadsOutside(target.bytes, from: folder[...]) == leadsOutside)
    }
}
