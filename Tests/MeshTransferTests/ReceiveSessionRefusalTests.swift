import MeshWire
import Testing

@testable import MeshTransfer

/// One entry that the destination cannot hold does not end the transfer.
@Suite struct ReceiveSessionRefusalTests {
    @Test func aChunkThatTheFileSystemRefusesLeavesItsFileOut() {
        var session = receiving([1, 1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        let refused = stored(0, of: 0, .failed(.unfit(path: "f0", .size)))
        let text = session.stored([refused], released: [:], now: now).text
        #expect(text.contains("discard 0") && text.contains("send skipped size 0 chunks 0"), "\(text)")
        #expect(!text.contains { $0.hasPrefix("fail") })
        _ = session.arrived([arrival(1, rawLength: 1)], on: laneA, now: now)
        let next = session.stored([stored(1, of: 1)], released: [:], now: now).text
        #expect(!next.contains { $0.hasPrefix("fail") }, "the others go on: \(next)")
    }

    @Test func aFullDiskEndsIt() {
        var session = receiving([1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        let full = stored(0, of: 0, .failed(.full(path: "f0")))
        #expect(session.stored([full], released: [:], now: now).text.contains { $0.hasPrefix("fail") })
    }

    /// Its room is made before its chunks are wanted: what is too large is not sent.
    @Test func aLargeFileIsWantedOnceItsRoomIsMade() {
        let entry = received([Limits.sizedFile])[0]
        var session = ReceiveSession(totals: totals([entry.manifest]), now: now)
        _ = session.start(now: now)
        #expect(session.planned([planned(entry)], next: 1, now: now).text == ["make parts 0"])
        #expect(session.laneLost(laneA, now: now).text.allSatisfy { !$0.contains("want") })
        let made = session.partsMade([0: part(0)], refused: [:], now: now).text
        #expect(made.contains { $0.hasPrefix("send want 0") }, "\(made)")
    }

    @Test func aLargeFileThatCannotBeIsNeverWanted() {
        let entry = received([Limits.sizedFile])[0]
        var session = ReceiveSession(totals: totals([entry.manifest]), now: now)
        _ = session.start(now: now)
        _ = session.planned([planned(entry)], next: 1, now: now)
        let text = session.partsMade([:], refused: [0: .size], now: now).text
        #expect(
            text.contains { $0.hasPrefix("send skipped size 0") } && !text.contains { $0.contains("want") }, "\(text)")
    }

    /// Of many large files two get their room at a time.
    @Test func roomIsMadeForFewAtATime() {
        let entries = received(Array(repeating: Limits.sizedFile, count: 5))
        var session = ReceiveSession(totals: totals(entries.map(\.manifest)), now: now)
        _ = session.start(now: now)
        #expect(
            session.planned(entries.map { planned($0) }, next: 5, now: now).text == ["make parts 0", "make parts 1"])
        #expect(session.partsMade([0: part(0)], refused: [:], now: now).text.contains("make parts 2"))
    }
}
