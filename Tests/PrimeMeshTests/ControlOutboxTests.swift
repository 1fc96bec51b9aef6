import MeshWire
import Testing

@testable import PrimeMesh

/// Whether the last word has left.
@Suite struct ControlOutboxTests {
    @Test func emptyWhenEverythingWasSent() async {
        let outbox = ControlOutbox()
        #expect(outbox.isEmpty)
        outbox.yield(.leaving(.identity))
        outbox.yield(.leaving(.leaving))
        var reader = outbox.messages.makeAsyncIterator()
        for _ in 0..<2 {
            #expect(await reader.next() != nil)
            #expect(!outbox.isEmpty)
            outbox.sent()
        }
        #expect(outbox.isEmpty)
    }

    @Test func emptyWhenNothingCanLeave() {
        let outbox = ControlOutbox()
        outbox.yield(.leaving(.identity))
        outbox.failed()
        #expect(outbox.isEmpty)
        outbox.yield(.leaving(.identity))
        #expect(outbox.isEmpty)
    }
}
