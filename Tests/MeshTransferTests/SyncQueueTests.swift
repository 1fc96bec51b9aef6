import MeshSimulation
import MeshWire
import Testing

@testable import MeshTransfer

/// What waits to be brought to the disk, and when.
@Suite struct SyncQueueTests {
    /// 2 s in nanoseconds.
    private let interval: UInt64 = 2_000_000_000

    private func group(_ chunks: Range<UInt64>, ended: [EndedEntry] = []) -> CommitGroup {
        var group = CommitGroup()
        group.chunks = chunks.map { ChunkRecord(number: $0, digest: digest($0)) }
        group.ended = ended
        return group
    }

    @Test func nothingIsDueBeforeAnythingWasCommitted() {
        var queue = SyncQueue()
        queue.note(CommitGroup(), now: 0)
        #expect(queue.take(now: interval) == nil)
    }

    @Test func whatWasCommittedIsDueAfterTwoSeconds() {
        var queue = SyncQueue()
        let skipped = EndedEntry(number: 8, state: .skipped)
        queue.note(group(0..<2, ended: [EndedEntry(number: 7, state: .finished), skipped]), now: 5)
        queue.note(group(2..<3), now: 6)
        #expect(queue.take(now: 4 + interval) == nil)
        let batch = queue.take(now: 5 + interval)
        #expect(batch?.chunks == NumberSet(0..<3))
        #expect(batch?.entries == [7])
    }

    /// Bytes count, not chunks: ten thousand small files are no reason to hurry.
    @Test func muchIsDueInlinePool() {
        var queue = SyncQueue()
        var much = group(0..<255)
        much.bytes = 255 * 1_048_576
        queue.note(much, now: 0)
        #expect(queue.take(now: 0) == nil)
        var more = group(255..<256)
        more.bytes = 1_048_576
        queue.note(more, now: 0)
        #expect(queue.take(now: 0)?.chunks == NumberSet(0..<256))
    }

    /// A sync covers what was there when it began.
    @Test func whatIsCommittedMeanwhileWaitsForTheNext() {
        var queue = SyncQueue()
        queue.note(group(0..<1), now: 0)
        #expect(queue.take(now: interval)?.chunks == NumberSet(0..<1))
        queue.note(group(1..<2), now: interval)
        #expect(queue.take(now: 3 * interval) == nil)
        queue.settled()
        #expect(queue.take(now: 3 * interval)?.chunks == NumberSet(1..<2))
    }

    @Test func whatASyncFailedToCoverWaitsAgain() {
        var queue = SyncQueue()
        queue.note(group(0..<1, ended: [EndedEntry(number: 0, state: .finished)]), now: 0)
        _ = queue.take(now: interval)
        queue.note(group(1..<2), now: interval)
        queue.failed(now: interval)
        let batch = queue.take(now: 2 * interval)
        #expect(batch?.chunks == NumberSet(0..<2))
        #expect(batch?.entries == [0])
    }

    /// A machine that goes down between the two must not find rows that say more than the disk has.
    @Test func rowsAreMarkedOnlyOnceTheDiskHasSynced() async throws {
        let fuse = Fuse()
        let (disk, journal) = (SimulatedDisk(fuse: fuse), SimulatedJournal(fuse: fuse))
        let id = TransferID(Bytes16([UInt8](repeating: 1, count: 16)) ?? Bytes16())
        try journal.create(TransferRecord(id: id, direction: .receive, roots: [[0x2f]], created: 0, updated: 0))
        try journal.append(manifest([1]), to: id)
        try journal.commit(group(0..<1), to: id)
        var batch = SyncQueue.Batch()
        batch.chunks = NumberSet(0..<1)
        fuse.arm(after: 1)
        await #expect(throws: (any Error).self) {
            try await batch.sync(id, sink: disk, journal: journal, pool: InlinePool())
        }
        fuse.replace()
        #expect(try journal.chunks(of: id, in: 0..<1, limit: 1).map(\.isSynced) == [false])
    }
}
