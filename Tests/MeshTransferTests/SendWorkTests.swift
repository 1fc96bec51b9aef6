import MeshSimulation
import MeshWire
import Testing

@testable import MeshTransfer

/// What the sender asks of its journal and its sources.
@Suite struct SendWorkTests {
    private let id = TransferID(Bytes16([UInt8](repeating: 1, count: 16)) ?? Bytes16())
    private let disk = SimulatedDisk()
    private let journal = SimulatedJournal()

    private var work: SendWork { SendWork(transfer: id, journal: journal, source: disk, pool: InlinePool()) }

    /// Files of one byte each, walked and written down.
    private func walked(_ names: [String]) throws {
        try journal.create(TransferRecord(id: id, direction: .send, roots: [[0x2f]], created: 0, updated: 0))
        var draft = ManifestDraft(totals: ManifestTotals(), isComplete: false)
        for name in names { disk.put(Array(name.utf8), [1]) }
        let entries = names.compactMap { disk.entry(Array($0.utf8)) }
        for case .append(let numbered) in try draft.walked(entries, isLast: true) {
            try journal.append(numbered, to: id)
        }
    }

    private func seals(_ numbers: NumberSet) async throws -> (unchanged: [UInt64], changed: [UInt64]) {
        guard case .sealsChecked(let unchanged, let changed) = try await work.checkSeals(numbers) else {
            return ([], [])
        }
        return (unchanged.map(\.number), changed.map(\.number))
    }

    @Test func onlyFilesThatAreWhatTheWalkSawAreSealed() async throws {
        try walked(["a", "b", "c"])
        disk.put(Array("b".utf8), [2])
        disk.removeSource(Array("c".utf8))
        let seals = try await seals(NumberSet(0..<3))
        #expect(seals.unchanged == [0])
        #expect(seals.changed == [1, 2])
    }

    @Test func whatIsNotAskedForIsNotSealed() async throws {
        try walked(["a", "b"])
        #expect(try await seals(NumberSet(1..<2)).unchanged == [1])
    }

    @Test func aFileThatIsGoneIsTakenBackForGood() async throws {
        try walked(["a", "b"])
        disk.put(Array("a".utf8), [2])
        disk.removeSource(Array("b".utf8))
        let files = try journal.sourceEntries(of: id, from: 0, limit: 2)
        let withdrawal = try await work.withdrawal(of: files, again: true)
        #expect(withdrawal.amended.map(\.manifest.kind) == [.withdrawal, .file, .withdrawal])
        #expect(withdrawal.lost.map(\.number) == [1])
    }

    /// It stands there, and nobody may read it any more.
    @Test func aFileThatCanBeReadNoMoreIsNamed() async throws {
        try walked(["a"])
        disk.deny(Array("a".utf8))
        let withdrawal = try await work.withdrawal(
            of: try journal.sourceEntries(of: id, from: 0, limit: 1), again: true)
        #expect(withdrawal.amended.map(\.manifest.kind) == [.withdrawal, .omission] && withdrawal.lost.isEmpty)
        #expect(withdrawal.amended.last?.manifest.omissionReason == .sourceDenied)
    }
}
