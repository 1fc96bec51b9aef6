import MeshSimulation
import MeshWire
import Testing

@testable import MeshTransfer

/// Which folders are whose, before anything is put into them.
@Suite struct FolderPlanningTests {
    private let fuse = Fuse()
    private let disk: SimulatedDisk
    private let journal: SimulatedJournal
    private let id = TransferID(Bytes16())

    init() throws {
        disk = SimulatedDisk(fuse: fuse)
        journal = SimulatedJournal(fuse: fuse)
        try journal.create(TransferRecord(id: id, direction: .receive, roots: [], created: 0, updated: 0))
        try journal.append([folder("d"), folder("d/e")], to: id)
    }

    private func folder(_ path: String) -> ManifestEntry {
        ManifestEntry(kind: .folder, path: Array(path.utf8), mode: 0o755, seconds: 5)
    }

    private func plan(isSettled: Bool = false) async throws -> [FolderOrigin?] {
        let ports = ReceivePorts(
            transfer: id, journal: journal, sink: disk, pool: InlinePool(), rules: ReceiveRules(), isLocal: true,
            isSettled: isSettled)
        _ = try await ReceiveWork(ports).plan(from: 0, limit: 10)
        return try journal.receivedEntries(of: id, from: 0, limit: 10).map(\.origin)
    }

    @Test func whatIsMissingIsMadeAndStaysOurs() async throws {
        #expect(try await plan() == [.made, .made])
        #expect(disk.folders.count == 2)
        #expect(try await plan() == [.made, .made], "the next run does not take them for what was there")
    }

    @Test func whatIsThereKeepsItsMode() async throws {
        disk.putForeignFolder(Array("d".utf8), mode: 0o2750)
        #expect(try await plan() == [.there(mode: 0o2750), .made])
    }

    /// The process ends behind each lasting step: whatever was made is known to be ours.
    @Test(arguments: 1...3) func theWordIsKeptBeforeTheFolderIsMade(_ steps: Int) async throws {
        fuse.arm(after: steps)
        _ = try? await plan()
        fuse.replace()
        #expect(try await plan() == [.made, .made])
    }

    @Test func aFolderThatSomebodyRemovedIsMade() async throws {
        disk.putForeignFolder(Array("d".utf8), mode: 0o2750)
        _ = try await plan()
        disk.remove(Array("d".utf8))
        #expect(try await plan() == [.made, .made])
    }

    @Test func aTransferThatIsOverMakesNothing() async throws {
        #expect(try await plan(isSettled: true) == [nil, nil])
        #expect(disk.folders.isEmpty)
    }
}
