import MeshWire
import NIOCore
import Testing

@testable import MeshTransport

@Suite struct ControlLinkTests {
    private func withLinks(
        tap: ControlLink.Tap? = nil,
        _ body: (_ ann: ControlLink, _ bob: ControlLink) async throws -> Void
    ) async throws {
        let (ann, bob) = (try TestNode(), try TestNode())
        try await withConnection(.control, dialer: ann, listener: bob) { dialed, accepted in
            let one = try await ControlLink.open(dialed, me: ann.id, peer: bob.id, clock: { 7 }, tap: tap)
            let other = try await ControlLink.open(accepted, me: bob.id, peer: ann.id, clock: { 8 })
            try await body(one, other)
        }
    }

    /// What a link of Bob's makes of bytes that Ann's connection sends.
    private func fate(of bytes: (_ ann: NodeID, _ bob: NodeID) -> [ByteBuffer]) async throws -> TransportError? {
        let (ann, bob) = (try TestNode(), try TestNode())
        var outcome: TransportError?
        try await withConnection(.control, dialer: ann, listener: bob) { dialed, accepted in
            let link = try await ControlLink.open(accepted, me: bob.id, peer: ann.id, clock: { 0 })
            for buffer in bytes(ann.id, bob.id) { try await dialed.channel.writeAndFlush(buffer) }
            do {
                for try await _ in link.inbound {}
            } catch {
                outcome = error as? TransportError
            }
        }
        return outcome
    }

    private func framed(_ frame: ControlFrame) -> ByteBuffer {
        var buffer = ByteBuffer()
        let json = try! frame.encoded()
        buffer.writeInteger(UInt32(json.count))
        buffer.writeBytes(json)
        return buffer
    }

    @Test func aConversation() async throws {
        let seen = Log<String>()
        let tap: ControlLink.Tap = { frame, isOutbound in seen.add("\(isOutbound ? ">" : "<") \(frame.sequence)") }
        try await withLinks(tap: tap) { ann, bob in
            var (fromAnn, fromBob) = (bob.inbound.makeAsyncIterator(), ann.inbound.makeAsyncIterator())
            try await ann.send(.heartbeat)
            try await ann.send(.membership(.introduce(name: "ann", version: 1, instance: InstanceID(Bytes16()))))
            #expect(try await fromAnn.next()?.message == .heartbeat)
            let introduction = try await fromAnn.next()
            #expect(
                introduction?.message
                    == .membership(.introduce(name: "ann", version: 1, instance: InstanceID(Bytes16()))))
            #expect(introduction?.sequence == 1)
            #expect(introduction?.time == 7)
            try await bob.send(.leaving(.leaving))
            #expect(try await fromBob.next()?.message == .leaving(.leaving))
            bob.close()
            #expect(try await fromBob.next() == nil)
            var log: [String] = []
            while log.count < 3, let entry = await seen.next { log.append(entry) }
            #expect(log == ["> 0", "> 1", "< 0"])
            await #expect(throws: TransportError.closed) { try await ann.send(.heartbeat) }
        }
    }

    @Test func aThousandMessagesArriveInOrder() async throws {
        try await withLinks { ann, bob in
            try await withThrowingTaskGroup { tasks in
                tasks.addTask {
                    for number in 0..<1_000 { try await ann.send(.error(.unknown, regarding: UInt64(number))) }
                }
                var frames = bob.inbound.makeAsyncIterator()
                for number in 0..<1_000 {
                    #expect(try await frames.next()?.message == .error(.unknown, regarding: UInt64(number)))
                }
                try await tasks.waitForAll()
            }
        }
    }

    @Test func aLengthAboveTheLimitIsRefusedBeforeItsBytesCome() async throws {
        let outcome = try await fate { _, _ in [ByteBuffer(integer: UInt32(Limits.control + 1))] }
        let reason = WireError.tooLarge("control message", got: 262_145, limit: 262_144).description
        #expect(outcome == .violation(reason))
    }

    @Test func aMessageTooLargeToSendIsOurOwnError() async throws {
        try await withLinks { ann, bob in
            let csr = [UInt8](repeating: 255, count: 70_000)
            await #expect(throws: TransportError.self) {
                try await ann.send(.membership(.request(name: "ann", csr: csr)))
            }
            try await ann.send(.heartbeat)
            var frames = bob.inbound.makeAsyncIterator()
            #expect(try await frames.next()?.sequence == 0)
        }
    }

    @Test func aGapInTheSequenceClosesTheLink() async throws {
        let outcome = try await fate { ann, _ in
            [framed(ControlFrame(from: ann, sequence: 1, time: 0, message: .heartbeat))]
        }
        #expect(outcome == .violation("the peer sent control message 1 where 0 was due"))
    }

    @Test func anotherSendersNameClosesTheLink() async throws {
        let outcome = try await fate { _, bob in
            [framed(ControlFrame(from: bob, sequence: 0, time: 0, message: .heartbeat))]
        }
        #expect(outcome == .violation("a frame names another sender than its link"))
    }

    @Test func whatIsNotJSONClosesTheLink() async throws {
        let outcome = try await fate { _, _ in [ByteBuffer(bytes: [0, 0, 0, 2, 1, 2])] }
        #expect(outcome == .violation(WireError.invalid("control message").description))
    }
}
