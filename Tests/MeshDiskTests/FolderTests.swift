import Glibc
import Testing

@testable import MeshDisk

@Suite struct FolderTests {
    private let scratch = Scratch()

    /// Both ways must agree: kernels without openat2 go component by component.
    @Test(arguments: [true, false])
    func `opening beneath`(_ atOnce: Bool) throws {
        scratch.file("a/b/file")
        scratch.link("a/link", to: "b")
        scratch.link("up", to: "..")
        let folder = try Folder(path: scratch.path.bytes)
        func open(_ path: [String]) throws(SystemError) -> Descriptor {
            let path = path.map(\.bytes)[...]
            return atOnce ? try folder.openBeneath(path, O_RDONLY) : try folder.openStepwise(path, O_RDONLY)
        }
        #expect(try open(["a", "b", "file"]).readAll(limit: 100) == "text".bytes)
        for path in [["a", "link", "file"], ["up", "x"]] {
            let code = try #require(#expect(throws: SystemError.self) { try open(path) }).code
            #expect([ELOOP, ENOTDIR].contains(code))
        }
        #expect(throws: SystemError(ENOENT, "open")) { try open(["a", "none", "file"]) }
    }

    @Test(arguments: [true, false])
    func `moving never replaces`(_ atOnce: Bool) throws {
        let folder = try Folder(path: scratch.path.bytes)
        scratch.file("from", "new".bytes)
        scratch.file("taken", "old".bytes)
        func move(to name: String) throws -> Bool {
            atOnce ? try folder.move("from".bytes, to: name.bytes) : try folder.moveByLink("from".bytes, to: name.bytes)
        }
        #expect(try !move(to: "taken"))
        #expect(scratch("taken").contents == "old".bytes)
        #expect(try move(to: "free"))
        #expect(scratch("free").contents == "new".bytes)
        #expect(scratch.path.names == ["free", "taken"])
        #expect(throws: SystemError.self) { try move(to: "gone") }
    }

    @Test func `a longer path than one call takes`() throws {
        let name = [UInt8](repeating: UInt8(ascii: "n"), count: 255)
        let path = [[UInt8]](repeating: name, count: 17)
        var here = try Folder(path: scratch.path.bytes)
        let top = here
        for name in path {
            try here.makeFolder(name)
            here = try here.folder(name)
        }
        let folder = try top.openBeneath(path[...], O_RDONLY | O_DIRECTORY)
        #expect(try folder.status().inode == here.descriptor.status().inode)
    }
}
