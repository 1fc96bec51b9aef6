import MeshTransfer
import MeshWire
import NIOCore
import Testing

/// What a receiver does about chunks that are late, foreign, damaged or refused by the disk.
@Suite struct ReceiveSessionFaultTests {
    // MARK: late, never wanted, off plan

    @Test func aLateChunkIsDroppedAndItsCreditGivenBack() {
        var session = receiving([1, 1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        #expect(session.arrived([arrival(0, rawLength: 1)], on: laneB, now: now).text == ["release 57 on 1013"])
        #expect(session.counters.chunksLate == 1)
    }

    @Test func aChunkThatWasNeverWantedEndsTheConnection() {
        var session = receiving([1])
        let text = session.arrived([arrival(1, rawLength: 1)], on: laneA, now: now).text
        #expect(text == ["disconnect: the peer sent an invalid chunk (1) that was not wanted"])
        #expect(session.tick(now: now + second).text == [])
    }

    @Test(arguments: [1, 37_855, 37_857, 262_144]) func aLengthOffPlanEndsTheConnection(length: Int) {
        var session = receiving([300_000])
        let text = session.arrived([arrival(1, rawLength: length)], on: laneA, now: now).text
        #expect(text == ["disconnect: the peer sent an invalid chunk length"])
    }

    @Test func storingIsCutIntoBatches() {
        var session = receiving([UInt64](repeating: 1, count: 130))
        let chunks = (0..<UInt64(130)).map { arrival($0, rawLength: 1) }
        #expect(
            session.arrived(chunks, on: laneA, now: now).text == ["store 0-63", "store 64-127", "store 128-129"])
        var large = receiving([chunkSize * 5])
        let pieces = (0..<UInt64(5)).map { arrival($0, rawLength: Int(chunkSize)) }
        #expect(large.arrived(pieces, on: laneA, now: now).text == ["store 0-3", "store 4"])
    }

    // MARK: failures

    @Test func aDamagedChunkIsAskedForAgain() {
        var session = receiving([1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        #expect(
            session.stored([stored(0, of: 0, .corrupt)], released: [laneA: 57], now: now).text
                == ["release 57 on 1009", "send damaged 0"])
        #expect(session.counters.chunksRetried == 1)
        #expect(session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now).text == ["store 0"])
        #expect(
            session.stored([stored(0, of: 0)], released: [:], now: now).text
                == ["commit chunks 0 parts 0 retries 1"])
    }

    @Test func aDamagedChunkIsAskedForAgainByThatNameWhereTheWordMayBeLost() {
        var session = receiving([1, 1])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        _ = session.stored([stored(0, of: 0, .corrupt)], released: [:], now: now)
        let text = session.laneLost(laneA, now: now).text
        #expect(text == ["send kept 2", "send damaged 0", "send want 0-1"])
    }

    @Test func fiveFailuresOfOneChunkEndTheTransfer() {
        var session = receiving([1, 1])
        for _ in 1..<5 {
            _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
            #expect(
                session.stored([stored(0, of: 0, .corrupt)], released: [:], now: now).text == ["send damaged 0"])
        }
        // Those of another chunk are counted apart.
        _ = session.arrived([arrival(1, rawLength: 1)], on: laneA, now: now)
        #expect(session.stored([stored(1, of: 1, .corrupt)], released: [:], now: now).text == ["send damaged 1"])
        _ = session.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        #expect(
            session.stored([stored(0, of: 0, .corrupt)], released: [laneA: 57], now: now).text
                == ["release 57 on 1009", "fail integrity, tell the peer"])
        #expect(session.arrived([arrival(1, rawLength: 1)], on: laneA, now: now).text == [])
    }

    @Test func aFullDiskAndAFailedDiskAreToldApart() {
        var full = receiving([1])
        _ = full.arrived([arrival(0, rawLength: 1)], on: laneA, now: now)
        #expect(
            full.stored([stored(0, of: 0, .failed(.full(path: "x")))], released: [:], now: now).text
                == ["fail diskFull, tell the peer"])
        var broken = receiving([1])
        #expect(
            broken.diskFailed(.failed(path: "x", operation: "rename", errno: 5), now: now).text
                == ["fail destination, tell the peer"])
        #expect(broken.diskFailed(.full(path: "x"), now: now).text == [])
    }

    @Test func theSendersEndIsTheReceivers() {
        var session = receiving([1])
        #expect(session.message(.failed(.sourceChanged), now: now).text == ["fail sourceChanged"])
        #expect(session.message(.sealed(entries: set(0)), now: now).text == [])
        #expect(session.committed(now: now).text == [])
    }
}
