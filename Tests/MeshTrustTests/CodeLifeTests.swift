import Foundation
import MeshTrust
import MeshWire
import Testing

@Suite struct CodeLifeTests {
    let secret = Bytes32(repeatElement(7, count: 32))!
    let other = Bytes32(repeatElement(8, count: 32))!

    @Test func `the first peer is pinned, and from then on it alone comes in`() {
        var code = CodeLife(createdAt: noon)
        #expect(code.connection(from: "10.0.0.1", at: noon + minute) == .proceed)
        #expect(code.handshake(with: node(1), freshSecret: secret, at: noon + minute) == .pin(resumeSecret: secret))
        #expect(code.state == .pinned(peer: node(1), resumeSecret: secret))
        #expect(code.handshake(with: node(2), freshSecret: other, at: noon + minute) == .refuse(.otherPeer(node(2))))
        #expect(code.handshake(with: node(1), freshSecret: other, at: noon + minute) == .admit(resumeSecret: secret))
    }

    @Test func `a pinned code does not expire and cannot be burned`() {
        var code = CodeLife(createdAt: noon)
        _ = code.handshake(with: node(1), freshSecret: secret, at: noon)
        for _ in 0..<2_000 { #expect(code.attemptFailed(from: "10.0.0.9", at: noon + day) == .allowed) }
        #expect(code.connection(from: "10.0.0.9", at: noon + 400 * day) == .proceed)
        #expect(code.handshake(with: node(1), freshSecret: other, at: noon + 400 * day) == .admit(resumeSecret: secret))
    }

    @Test func `an unused code expires after 15 minutes`() {
        var code = CodeLife(createdAt: noon)
        #expect(code.connection(from: "a", at: noon + 15 * minute - 1) == .proceed)
        #expect(code.expire(at: noon + 15 * minute - 1) == false)
        #expect(code.connection(from: "a", at: noon + 15 * minute) == .refuse(.expired))
        #expect(code.state == .expired)
        #expect(code.expire(at: noon + 15 * minute) == false)
        #expect(code.attemptFailed(from: "a", at: noon + 16 * minute) == .refused(.expired))
        #expect(code.handshake(with: node(1), freshSecret: secret, at: noon) == .refuse(.expired))
    }

    @Test func `three wrong attempts close the door to an address, not to others`() {
        var code = CodeLife(createdAt: noon)
        #expect(code.attemptFailed(from: "10.0.0.1", at: noon) == .allowed)
        #expect(code.attemptFailed(from: "10.0.0.1", at: noon) == .allowed)
        #expect(code.connection(from: "10.0.0.1", at: noon) == .proceed)
        #expect(code.attemptFailed(from: "10.0.0.1", at: noon) == .refused(.addressBlocked))
        #expect(code.connection(from: "10.0.0.1", at: noon) == .refuse(.addressBlocked))
        #expect(code.connection(from: "10.0.0.2", at: noon) == .proceed)
    }

    @Test func `a thousand wrong attempts burn the code`() {
        var code = CodeLife(createdAt: noon)
        for number in 1..<1_000 { #expect(code.attemptFailed(from: "10.0.\(number)", at: noon) == .allowed) }
        #expect(code.attemptFailed(from: "10.1.1.1", at: noon) == .refused(.burned))
        #expect(code.connection(from: "10.2.2.2", at: noon) == .refuse(.burned))
        #expect(code.handshake(with: node(1), freshSecret: secret, at: noon) == .refuse(.burned))
        #expect(code.expire(at: noon + day) == false)
        #expect(code.state == .burned)
        #expect(code.attemptFailed(from: "10.2.2.2", at: noon) == .refused(.burned))
    }

    @Test(arguments: [
        CodeLife.State.unused(expires: noon), .pinned(peer: node(3), resumeSecret: Bytes32()), .expired, .burned,
    ])
    func `a journal brings a code back as it was`(state: CodeLife.State) throws {
        let json = try JSONEncoder().encode(state)
        #expect(try JSONDecoder().decode(CodeLife.State.self, from: json) == state)
        #expect(CodeLife(resuming: state).state == state)
    }

    @Test func `wrong attempts of earlier processes count`() {
        var code = CodeLife(resuming: .unused(expires: noon + minute), attempts: 998)
        #expect(code.attemptFailed(from: "10.0.0.1", at: noon) == .allowed)
        // Another process that holds the same code counts as well.
        code.counted(inAll: 999)
        #expect(code.attemptFailed(from: "10.0.0.2", at: noon) == .refused(.burned))
        #expect(CodeLife(resuming: .unused(expires: noon), attempts: 1_000).state == .burned)
        let pinned = CodeLife.State.pinned(peer: node(3), resumeSecret: secret)
        #expect(CodeLife(resuming: pinned, attempts: 1_000).state == pinned)
    }
}
