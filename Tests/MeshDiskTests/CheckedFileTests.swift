import Glibc
import MeshTransfer
import MeshWire
import Testing

import struct Crypto.SHA256

@testable import MeshDisk

@Suite struct CheckedFileTests {
    private let scratch = Scratch()
    /// Two chunks of 256 KiB and a rest.
    private let content = noise(600_000)

    private var plan: FilePlan {
        FilePlan(
            entry: 0, manifest: ManifestEntry(kind: .file, path: "f".bytes, size: UInt64(content.count), firstChunk: 7))
    }

    private var digests: [Digest] {
        plan.chunks.map { chunk in
            let (offset, length) = plan.extent(of: chunk)
            return Digest(SHA256.hash(data: content[Int(offset)..<Int(offset) + length]))
        }
    }

    /// What is wrong with `f`, its chunks from number `first` on compared.
    private func fault(from first: UInt64 = 0) -> FileFault? {
        do throws(FileFault) {
            let file = try CheckedFile(scratch("f").bytes, size: UInt64(content.count))
            try file.check(plan, from: first, Array(digests.dropFirst(Int(first))))
            return nil
        } catch {
            return error
        }
    }

    @Test func `what is as it was`() {
        scratch.file("f", content)
        #expect(fault() == nil)
        #expect(fault(from: 2) == nil)
    }

    @Test func `the first chunk that differs is named`() {
        let chunks: [(Int, Range<UInt64>)] = [
            (0, 0..<262_144), (262_143, 0..<262_144), (262_144, 262_144..<524_288), (599_999, 524_288..<600_000),
        ]
        for (position, chunk) in chunks {
            var changed = content
            changed[position] ^= 1
            scratch.file("f", changed)
            #expect(fault() == .damaged(chunk), "\(position)")
        }
        #expect(fault(from: 1) == .damaged(524_288..<600_000))
        #expect(fault(from: 3) == nil)
    }

    @Test func `another size`() {
        scratch.file("f", Array(content.dropLast()))
        #expect(fault() == .damaged(599_999..<600_000))
        scratch.file("f", content + [0])
        #expect(fault() == .damaged(600_000..<600_001))
    }

    /// None of them is waited for or followed.
    @Test func `what is no file is missing`() {
        let path = scratch("f")
        #expect(fault() == .missing)
        mkdir(path, 0o755)
        #expect(fault() == .missing)
        rmdir(path)
        mkfifo(path, 0o644)
        #expect(fault() == .missing)
        unlink(path)
        scratch.file("elsewhere", content)
        symlink(scratch("elsewhere"), path)
        #expect(fault() == .missing)
    }

    @Test func `paths are resolved where something is`() {
        scratch.folder("a")
        symlink("a", scratch("to-a"))
        let real = SystemPath.resolved(scratch("a").bytes)
        #expect(real != nil && SystemPath.resolved(scratch("to-a/../to-a").bytes) == real)
        #expect(SystemPath.resolved(scratch("nothing").bytes) == nil)
    }
}
