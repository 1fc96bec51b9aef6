import MeshTransfer
import MeshWire
import Testing

/// Digests on their way to the sender's journal.
@Suite struct RecordQueueTests {
    /// A session with one lane whose manifest (files of `sizes`) the receiver has.
    private func session(
        _ sizes: [UInt64]
    ) -> SendSession {
        var session = SendSession(compression: .never)
        _ = session.manifestGrew(to: totals(manifest(sizes)), isComplete: true)
        _ = session.accepted(from: 0)
        _ = session.lane(laneA, room: SendSession.LaneRoom())
        _ = session.pageSent(end: UInt64(sizes.count))
        _ = session.message(.manifestKept(entries: UInt64(sizes.count)))
        return session
    }

    private func want(_ chunks: NumberSet, seals: NumberSet = NumberSet()) -> DataMessage {
        .want(chunks: chunks, seals: seals)
    }

    /// What is acknowledged while a transaction is under way goes together with the next.
    @Test func digestsGoToTheJournalOneTransactionAtATime() {
        let files = sources([UInt64](repeating: 1, count: 4))
        var session = session([1, 1, 1, 1])
        _ = session.message(want(NumberSet(0..<4)))
        _ = session.loaded(files, holding: 0)
        _ = session.encoded(0, batch(0..<4), failed: [])
        #expect(session.acknowledged(set(3)).text == ["record 3"])
        #expect(session.acknowledged(set(2)).text == [])
        #expect(session.acknowledged(set(0)).text == [])
        #expect(session.recorded().text == ["record 0,2"])
        #expect(session.acknowledged(set(1)).text == [])
        // The check reads the journal: nothing may still wait for its turn.
        #expect(session.message(.receipt(body: [1], signature: [2])).text == ["record 1", "check receipt"])
        #expect(session.recorded().text == [])
        #expect(session.recorded().text == [])
    }

    /// A journal that is slower than the link stops the reading, and nothing grows without bound.
    @Test func whileTheJournalIsBehindNothingMoreIsRead() {
        let sizes = [UInt64](repeating: 1, count: 66_600)
        let files = sources(sizes)
        var session = session(sizes)
        var rest = session.message(want(NumberSet(0..<66_600)))[...]
        var transactions = 0
        while let instruction = rest.popFirst() {
            switch instruction {
            case .load(let chunk):
                rest += session.loaded(Array(files[Int(chunk)...].prefix(512)), holding: chunk)
            case .encode(let job):
                let numbers = job.pieces.map(\.number)
                rest += session.encoded(job.id, batch(numbers[0]..<numbers[numbers.count - 1] + 1), failed: [])
            case .transmit(_, let frames):
                rest += session.acknowledged(chunkNumbers(frames))
                rest += session.lane(laneA, room: SendSession.LaneRoom())
            case .record: transactions += 1
            default: break
            }
        }
        // The first transaction does not end: what was acknowledged meanwhile waits, and the rest is not read.
        #expect(transactions == 1)
        #expect((65_536..<66_500).contains(session.counters.chunks))
        #expect(!session.recorded().jobs.isEmpty)
    }
}
