import MeshWire
import Synchronization
import Testing

@testable import PrimeMesh

/// Who reads from a peer waits for the session, and never for ever.
@Suite struct EventTurnTests {
    @Test func aSourceGoesOnWhenItsEventWasHandled() async {
        let (events, queue) = AsyncStream.makeStream(of: PeerEvent.self)
        let handed = Count()
        await withDiscardingTaskGroup { group in
            group.addTask {
                for _ in 0..<100 {
                    handed.value.add(1, ordering: .relaxed)
                    queue.yield(.tick)
                    await EventTurn.behind(queue)
                }
                queue.finish()
            }
            var handled = 0
            for await event in events {
                switch event {
                case .turn(let turn): turn.reached()
                default:
                    handled += 1
                    // Never more than the one event that is being handled.
                    #expect(handed.value.load(ordering: .relaxed) == handled)
                }
            }
            #expect(handled == 100)
        }
    }

    private final class Count: Sendable {
        let value = Atomic<Int>(0)
    }

    @Test func nobodyWaitsForASessionThatIsOver() async {
        let (_, queue) = AsyncStream.makeStream(of: PeerEvent.self)
        queue.finish()
        await EventTurn.behind(queue)
    }

    @Test func whatWaitsOnTheControlLinkIsBounded() async {
        let outbox = ControlOutbox()
        #expect(outbox.isEmpty)
        for _ in 1..<ControlOutbox.limit { outbox.yield(.heartbeat) }
        #expect(!outbox.isEmpty)
        #expect(await outbox.hasRoom(within: .zero))
        outbox.yield(.heartbeat)
        #expect(await !outbox.hasRoom(within: .milliseconds(20)), "nothing was read")
        outbox.finish()
        var count = 0
        for await _ in outbox.messages {
            count += 1
            outbox.sent()
        }
        #expect(count == ControlOutbox.limit && outbox.isEmpty)
        #expect(await outbox.hasRoom(within: .zero))
    }

    @Test func aLinkThatIsGoneKeepsNobodyWaiting() async {
        let outbox = ControlOutbox()
        for _ in 0..<2 * ControlOutbox.limit { outbox.yield(.heartbeat) }
        outbox.failed()
        #expect(outbox.isEmpty)
        #expect(await outbox.hasRoom())
    }
}
