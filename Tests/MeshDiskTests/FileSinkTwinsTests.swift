import Glibc
import MeshTransfer
import MeshWire
import Testing

@testable import MeshDisk

/// The file is there already, byte for byte: the journal that knew of it was lost.
@Suite struct FileSinkTwinsTests {
    private let scratch = Scratch()

    private func finishing(_ sink: FileSink, _ bytes: [UInt8]) throws -> ReceivedEntry {
        var entry = try sink.put(received("file", size: bytes.count), bytes)
        entry.state = .finishing
        return entry
    }

    /// What an earlier transfer of the same file left.
    private func leave(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644, seconds: Int = 1, nanoseconds: Int = 2) {
        scratch.file(name, bytes, mode: mode)
        scratch(name).setModified(seconds, nanoseconds)
    }

    @Test(arguments: [0, 4, 256 * 1024, 256 * 1024 + 1, 700_000])
    func `the same file is recognised and not doubled`(_ size: Int) throws {
        let sink = try sink(scratch.path)
        leave("file", noise(size))
        let ended = try sink.finish(finishing(sink, noise(size)), rule: .rename)
        #expect(ended == EndedEntry(number: 0, state: .finished))
        #expect(scratch.path.names == ["file"])
    }

    @Test func `the one with a number is recognised too`() throws {
        let sink = try sink(scratch.path)
        leave("file", "other".bytes)
        leave("file (1)", "text".bytes)
        let ended = try sink.finish(finishing(sink, "text".bytes), rule: .rename)
        #expect(ended.finalName == "file (1)".bytes)
        #expect(scratch.path.names == ["file", "file (1)"])
    }

    @Test func `another last byte makes another file`() throws {
        let sink = try sink(scratch.path)
        let bytes = noise(300_000)
        leave("file", bytes.dropLast() + [0])
        #expect(try sink.finish(finishing(sink, bytes), rule: .rename).finalName == "file (1)".bytes)
        #expect(scratch("file (1)").contents == bytes)
    }

    @Test(arguments: [(0o600, 1, 2), (0o644, 2, 2), (0o644, 1, 3)])
    func `another mode or time makes another file`(_ mode: mode_t, _ seconds: Int, _ nanoseconds: Int) throws {
        let sink = try sink(scratch.path)
        leave("file", "text".bytes, mode: mode, seconds: seconds, nanoseconds: nanoseconds)
        #expect(try sink.finish(finishing(sink, "text".bytes), rule: .rename).finalName == "file (1)".bytes)
    }

    @Test func `a link to the same file is none`() throws {
        let sink = try sink(scratch.path)
        leave("elsewhere", "text".bytes)
        scratch.link("file", to: "elsewhere")
        #expect(try sink.finish(finishing(sink, "text".bytes), rule: .rename).finalName == "file (1)".bytes)
        #expect(scratch("file").isLink)
    }
}
