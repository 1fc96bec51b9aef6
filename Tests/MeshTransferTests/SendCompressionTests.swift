import MeshTransfer
import MeshWire
import Testing

/// What a sender makes of the network's share that its lanes tell.
@Suite struct SendCompressionTests {
    /// A session whose receiver has the manifest: one file of 32 chunks.
    private func session(_ lanes: [LaneName]) -> SendSession {
        var session = SendSession(compression: .auto)
        _ = session.manifestGrew(to: totals(manifest([8 << 20])), isComplete: true)
        _ = session.accepted(from: 0)
        for lane in lanes { _ = session.lane(lane, room: SendSession.LaneRoom()) }
        _ = session.pageSent(end: 1)
        _ = session.message(.manifestKept(entries: 1))
        return session
    }

    /// Until the first lane tells what it waits for, two batches are prepared; then as many as there are jobs.
    @Test func whileTheLinkIsUnknownLittleIsPrepared() {
        let files = sources([8 << 20])
        var session = session([laneA])
        _ = session.lane(laneA, room: SendSession.LaneRoom(share: .awaited))
        _ = session.message(.want(chunks: NumberSet(0..<32), seals: NumberSet()))
        #expect(
            session.loaded(files, holding: 0).text == ["encode #0: 0-3 probe 1", "encode #1: 4-7 probe 1"])
        // Bytes that wait in the lane count, too.
        let full = SendSession.LaneRoom(queued: 1 << 21, share: .awaited)
        _ = session.lane(laneA, room: full)
        #expect(session.encoded(0, batch(0..<4), failed: []).text.filter { $0.hasPrefix("encode") } == [])
        let told = SendSession.LaneRoom(queued: 1 << 21, share: .told(0.3))
        #expect(
            session.lane(laneA, room: told).text.filter { $0.hasPrefix("encode") }
                == ["encode #2: 8-11 raw", "encode #3: 12-15 raw"])
    }

    /// Lanes that have carried nothing yet say nothing; of the others the mean counts.
    @Test(arguments: [([0.9, 0.1], "raw"), ([0.9, 0.5], "probe 1"), ([0.7, nil], "probe 1")])
    func theMeanOfTheLanesDecides(shares: [Double?], expected: String) {
        let files = sources([8 << 20])
        var session = session([laneA, laneB])
        for (name, share) in zip([laneA, laneB], shares) {
            _ = session.lane(name, room: SendSession.LaneRoom(share: share.map { .told($0) } ?? .awaited))
        }
        _ = session.message(.want(chunks: NumberSet(0..<32), seals: NumberSet()))
        #expect(session.loaded(files, holding: 0).text.first == "encode #0: 0-3 \(expected)")
    }
}
