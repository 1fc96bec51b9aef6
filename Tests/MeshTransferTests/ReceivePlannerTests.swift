import MeshSimulation
import MeshWire
import NIOCore
import Testing

@testable import MeshTransfer

/// What of a part counts after the machine went down: a file of three chunks, all of them committed and none synced.
@Suite struct ReceivePlannerTests {
    private let disk = SimulatedDisk()
    private let journal = SimulatedJournal()
    private let id = TransferID(Bytes16())

    init() throws {
        try journal.create(TransferRecord(id: id, direction: .receive, roots: [], created: 0, updated: 0))
        try journal.append(manifest([700_000]), to: id)
        let plan = FilePlan(entry: 0, manifest: try entry().manifest)
        for number in plan.chunks {
            let (_, length) = plan.extent(of: number)
            try commit(number, [UInt8](repeating: UInt8(number) + 1, count: length))
        }
        var random = Seeded(1)
        journal.reboot(keepingAll: true, using: &random)
    }

    private func entry() throws -> ReceivedEntry {
        try #require(try journal.receivedEntries(of: id, from: 0, limit: 1).first)
    }

    private func write(_ number: UInt64, _ bytes: [UInt8]) throws -> PartIdentity {
        let entry = try entry()
        let (offset, length) = FilePlan(entry: 0, manifest: entry.manifest).extent(of: number)
        return try disk.write(entry, offset: offset, length: length, slices: [ByteBuffer(bytes: bytes)])
    }

    private func commit(_ number: UInt64, _ bytes: [UInt8]) throws {
        var group = CommitGroup()
        group.parts = [0: try write(number, bytes)]
        group.chunks = [ChunkRecord(number: number, digest: bytes.sha256)]
        try journal.commit(group, to: id)
    }

    private func planned() async throws -> PlannedEntry {
        let ports = ReceivePorts(
            transfer: id, journal: journal, sink: disk, pool: InlinePool(), rules: ReceiveRules(), isLocal: true)
        guard case .planned(let entries, _) = try await ReceiveWork(ports).plan(from: 0, limit: 1) else {
            throw WireError.invalid("answer")
        }
        return try #require(entries.first)
    }

    @Test func whatVerifiesIsNotWantedAgain() async throws {
        #expect(try await planned().missing == NumberSet())
    }

    @Test func whatDoesNotVerifyIsWanted() async throws {
        _ = try write(1, [UInt8](repeating: 9, count: 262_144))
        #expect(try await planned().missing == set(1))
        #expect(try journal.chunks(of: id, in: 0..<3, limit: 9).map(\.number) == [0, 2])
    }

    /// It may stand under its final name: nothing is written to it, and all of it is wanted under another part.
    @Test func aFinishingFileThatDoesNotVerifyIsBegunAnew() async throws {
        _ = try write(1, [UInt8](repeating: 9, count: 262_144))
        var group = CommitGroup()
        group.finishing = [0: try #require(try entry().part)]
        try journal.commit(group, to: id)
        let planned = try await planned()
        #expect(planned.missing == set(0, 1, 2))
        #expect(planned.entry.part == nil && planned.entry.state == .open)
        #expect(disk.partNumbers.isEmpty)
    }

    /// Many small files and one long one: whatever is read ahead, each gets its own rows.
    @Test(arguments: [1, 3, 9_000]) func everyFileGetsItsOwnRows(_ step: UInt64) async throws {
        let (journal, id) = (SimulatedJournal(), TransferID(Bytes16()))
        try journal.create(TransferRecord(id: id, direction: .receive, roots: [], created: 0, updated: 0))
        let all: UInt64 = 20_000
        try journal.append(manifest(Array(repeating: 1, count: Int(all))), to: id)
        var group = CommitGroup()
        group.chunks = (0..<all).filter { $0 % 3 != 1 }.map { ChunkRecord(number: $0, digest: digest($0)) }
        try journal.commit(group, to: id)
        let ports = ReceivePorts(
            transfer: id, journal: journal, sink: disk, pool: InlinePool(), rules: ReceiveRules(), isLocal: true)
        var reader = ChunkRowReader(ports: ports, end: all)
        for first in stride(from: 0, to: all, by: Int(step)) {
            let range = first..<min(first + step, all)
            let rows = try await reader.rows(of: range).map(\.number)
            #expect(rows == range.filter { $0 % 3 != 1 })
        }
    }
}
