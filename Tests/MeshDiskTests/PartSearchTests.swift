import Glibc
import MeshTransfer
import MeshWire
import Testing

@testable import MeshDisk

@Suite struct PartSearchTests {
    private let scratch = Scratch()
    private let name = ".pmesh-0123456789abcdef-3.part"

    @Test func `parts are found in every folder, and nothing that only looks alike`() throws {
        scratch.file(name)
        scratch.file("a/b/" + name)
        for other in [".pmesh-x.part", "pmesh-0123456789abcdef-3.part", "a/.pmesh-0123456789abcdef-03.part"] {
            scratch.file(other)
        }
        scratch.folder("c/" + name)
        scratch.link("elsewhere", to: scratch("a"))
        scratch.link("d/.pmesh-0123456789abcdef-4.part", to: scratch(name))
        let found = PartSearch.parts(below: scratch.path.bytes)
        #expect(Set(found.map(\.path)) == [scratch(name).bytes, scratch("a/b/" + name).bytes])
        #expect(Set(found.map(\.transfer)) == ["0123456789abcdef"])
        #expect(found.allSatisfy { !$0.isHeld })
        #expect(PartSearch.parts(below: scratch("nowhere").bytes).isEmpty)
    }

    @Test func `what a receiver works on stays`() throws {
        scratch.file("out/deep/" + name)
        let found = PartSearch.parts(below: scratch("out").bytes)
        let part = try #require(found.first)
        var sink: FileSink? = try FileSink(
            destination: scratch("out").bytes, transfer: TransferID(Bytes16()))
        _ = try sink?.freeSpace()
        #expect(PartSearch.parts(below: scratch.path.bytes).map(\.isHeld) == [true])
        #expect(try !PartSearch.remove(part))
        #expect(scratch("out/deep/" + name).exists)
        sink = nil
        #expect(try PartSearch.remove(part))
        #expect(!scratch("out/deep/" + name).exists)
    }
}
