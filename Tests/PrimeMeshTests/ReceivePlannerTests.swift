import Foundation
import Glibc
import MeshDisk
import MeshJournal
import MeshTransfer
import MeshWire
import NIOCore
import Testing

@testable import PrimeMesh

/// What of an entry is there already, and can it be trusted?
@Suite struct ReceivePlannerTests {
    private static let size: UInt64 = 700_000

    @Test func unknownFileIsWantedWhole() async throws {
        try await withPlanner { bench in
            try await bench.expectMissing(NumberSet(0..<3))
        }
    }

    @Test func committedChunksOfThisBootAreTrusted() async throws {
        try await withPlanner { bench in
            try await bench.write(chunk: 0)
            try await bench.write(chunk: 2)
            try await bench.expectMissing(NumberSet(1..<2))
        }
    }

    /// The same bytes in another file are not what was committed.
    @Test func anotherFileInThePartsPlaceIsNotTrusted() async throws {
        try await withPlanner { bench in
            try await bench.write(chunk: 0)
            try await bench.replacePart()
            try await bench.expectMissing(NumberSet(0..<3))
            #expect(try await bench.node.context.journal.chunks(of: bench.record.id, in: 0..<3, limit: 9).isEmpty)
        }
    }

    @Test func vanishedPartIsWantedAgain() async throws {
        try await withPlanner { bench in
            try await bench.write(chunk: 0)
            try await bench.removePart()
            try await bench.expectMissing(NumberSet(0..<3))
        }
    }

    /// It had its name already, and another program removed it: it is wanted whole, and what was known of it is forgotten.
    @Test func finishedFileThatIsGoneIsWantedAgain() async throws {
        try await withPlanner { bench in
            for chunk in 0..<3 { try await bench.write(chunk: UInt64(chunk)) }
            let path = try await bench.finish()
            unlink(path)
            try await bench.expectMissing(NumberSet(0..<3))
            #expect(try await bench.node.context.journal.chunks(of: bench.record.id, in: 0..<3, limit: 9).isEmpty)
        }
    }

    @Test func finishedFileThatStandsIsNotLookedInto() async throws {
        try await withPlanner { bench in
            for chunk in 0..<3 { try await bench.write(chunk: UInt64(chunk)) }
            _ = try await bench.finish()
            try await bench.expectMissing(NumberSet())
        }
    }

    @Test func finishedFileUnderAnotherNameIsFoundThere() async throws {
        try await withPlanner { bench in
            for chunk in 0..<3 { try await bench.write(chunk: UInt64(chunk)) }
            try await bench.putInTheWay(seconds: 5)
            let path = try await bench.finish()
            #expect(path.hasSuffix("file (1)"))
            try await bench.expectMissing(NumberSet())
            unlink(path)
            try await bench.expectMissing(NumberSet(0..<3))
        }
    }

    /// On a mount that may lie, unsynced chunks are read back: the intact one stays, the damaged one is wanted.
    @Test func chunksThatAreNotTrustedAreReadBack() async throws {
        try await withPlanner(isLocal: false) { bench in
            try await bench.write(chunk: 0)
            try await bench.write(chunk: 1)
            try await bench.damagePart(at: 300_000)
            try await bench.expectMissing(NumberSet(1..<3))
        }
    }

    @Test(arguments: [
        (ConflictRule.skip, 0, true), (.newer, 5, true), (.newer, -5, false), (.rename, 0, false),
        (.overwrite, 0, false),
    ])
    func ruleDecidesBeforeAnythingIsSent(_ rule: ConflictRule, _ age: Int, _ isLeftOut: Bool) async throws {
        try await withPlanner(rule: rule) { bench in
            try await bench.putInTheWay(seconds: 1_000 + age)
            try await bench.expectMissing(
                isLeftOut ? NumberSet() : NumberSet(0..<3), state: isLeftOut ? .skipped : .open)
        }
    }

    private func withPlanner(
        rule: ConflictRule = .rename, isLocal: Bool = true, _ body: (PlannerBench) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let node = try await MeshNode(home: NodeHome(folder: folder + "/home", environment: [:]), name: "ben")
            do {
                try await body(
                    try await PlannerBench(node, folder + "/out", rule: rule, isLocal: isLocal, size: Self.size))
                await node.close()
            } catch {
                await node.close()
                throw error
            }
        }
    }
}

/// One file of three chunks on its way into a folder.
private struct PlannerBench {
    let node: MeshNode
    let record: TransferRecord
    let sink: FileSink
    let folder: String
    private let work: ReceiveWork
    private let content: [UInt8]

    init(_ node: MeshNode, _ folder: String, rule: ConflictRule, isLocal: Bool, size: UInt64) async throws {
        self.node = node
        self.folder = folder
        record = transferRecord(.receive, roots: [folder])
        sink = try FileSink(destination: bytes(folder), transfer: record.id)
        content = (0..<Int(size)).map { UInt8(truncatingIfNeeded: $0 / 251 + 1) }
        work = ReceiveWork(
            ReceivePorts(
                transfer: record.id, journal: node.context.journal, sink: sink, pool: node.context,
                rules: ReceiveRules(onConflict: rule), isLocal: isLocal))
        try await node.context.journal.create(record)
        let entry = ManifestEntry(
            kind: .file, path: bytes("file"), size: size, allocated: size, mode: 0o644, seconds: 1_000)
        try await node.context.journal.append([entry], to: record.id)
    }

    /// What is wanted of the file; nil where it is left out.
    func expectMissing(
        _ chunks: NumberSet?, state: EntryState? = nil, at location: SourceLocation = #_sourceLocation
    ) async throws {
        guard case .planned(let entries, let next) = try await work.plan(from: 0, limit: 10) else {
            Issue.record("no plan", sourceLocation: location)
            return
        }
        #expect(next == 1, sourceLocation: location)
        #expect(entries.first?.missing == chunks, sourceLocation: location)
        if let state { #expect(entries.first?.entry.state == state, sourceLocation: location) }
    }

    func write(chunk number: UInt64) async throws {
        let entry = try await entry()
        let plan = FilePlan(entry: 0, manifest: entry.manifest)
        let (offset, length) = plan.extent(of: number)
        let slice = Array(content[Int(offset)..<Int(offset) + length])
        let part = try sink.write(entry, offset: offset, length: length, slices: [ByteBuffer(bytes: slice)])
        var group = CommitGroup()
        group.chunks = [ChunkRecord(number: number, digest: Bytes32(slice.sha256)!)]
        group.parts = [0: part]
        try await node.context.journal.commit(group, to: record.id)
    }

    /// Gives the file its final name, as the session would; answers where it stands.
    func finish() async throws -> String {
        var entry = try await entry()
        entry.state = .finishing
        var group = CommitGroup()
        group.ended = [try sink.finish(entry, rule: .rename)]
        try await node.context.journal.commit(group, to: record.id)
        return folder + "/" + String(decoding: group.ended[0].finalName ?? bytes("file"), as: UTF8.self)
    }

    func replacePart() async throws {
        let path = try await partPath()
        let bytes = FileManager.default.contents(atPath: path)
        // Both exist for a moment, so that the new one has another number.
        _ = FileManager.default.createFile(atPath: path + ".new", contents: bytes)
        sink.release(try await entry())
        rename(path + ".new", path)
    }

    func removePart() async throws {
        sink.release(try await entry())
        unlink(try await partPath())
    }

    func damagePart(at offset: off_t) async throws {
        let descriptor = open(try await partPath(), O_WRONLY)
        pwrite(descriptor, "!", 1, offset)
        close(descriptor)
    }

    func putInTheWay(seconds: Int) async throws {
        let path = folder + "/file"
        _ = FileManager.default.createFile(atPath: path, contents: Data("old".utf8))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: Double(seconds))], ofItemAtPath: path)
    }

    private func entry() async throws -> ReceivedEntry {
        try #require(try await node.context.journal.receivedEntries(of: record.id, from: 0, limit: 1).first)
    }

    private func partPath() async throws -> String {
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasPrefix(".pmesh-") })
        return folder + "/" + name
    }
}
