import MeshWire
import Testing

@testable import MeshChannel

private func error(_ step: consuming LaneDialerHello, _ message: LaneHandshake) -> LaneOpeningError? {
    do {
        _ = try step.answered(message)
        return nil
    } catch {
        return error
    }
}

private func error(_ step: consuming LaneListenerWelcome, _ message: LaneHandshake) -> LaneOpeningError? {
    do {
        _ = try step.answered(message)
        return nil
    } catch {
        return error
    }
}

@Suite struct LaneOpeningTests {
    @Test func conversation() throws {
        let (here, there) = try agree()
        let name = here.lane(2)
        let hello = try LaneDialerHello(name: name, key: here.key, nonce: bytes32(1))
        // What crosses the wire goes through its encoding.
        let heard = try LaneListenerHello(LaneHandshake(reading: hello.hello.encoded()))
        #expect(heard.name == name)
        let welcome = try heard.welcomed(with: there.key, nonce: bytes32(2))
        let proof = try hello.answered(LaneHandshake(reading: welcome.message.encoded()))
        let listenerLane = try welcome.answered(LaneHandshake(reading: proof.message.encoded()))
        let dialerLane = proof.sent()
        #expect(dialerLane == listenerLane && dialerLane.name == name)
    }

    @Test func aListenerWithoutTheKeyIsFoundOut() throws {
        let (here, _) = try agree()
        let (_, stranger) = try agree()
        let hello = try LaneDialerHello(name: here.lane(0), key: here.key, nonce: bytes32(1))
        let welcome = try LaneListenerHello(hello.hello).welcomed(with: stranger.key, nonce: bytes32(2)).message
        #expect(error(hello, welcome) == LaneOpeningError.wrongProof(here.lane(0)))
    }

    @Test func aDialerWithoutTheKeyIsFoundOut() throws {
        let (here, there) = try agree()
        let hello = try LaneDialerHello(name: here.lane(0), key: here.key, nonce: bytes32(1))
        let welcome = try LaneListenerHello(hello.hello).welcomed(with: there.key, nonce: bytes32(2))
        #expect(error(welcome, .proof(bytes32(0))) == LaneOpeningError.wrongProof(here.lane(0)))
    }

    @Test func recordedMessagesDoNotServeAgain() throws {
        let (here, there) = try agree()
        let first = try LaneDialerHello(name: here.lane(0), key: here.key, nonce: bytes32(1))
        let helloMessage = first.hello
        let welcome = try LaneListenerHello(helloMessage).welcomed(with: there.key, nonce: bytes32(2))
        let welcomeMessage = welcome.message
        let proofMessage = try first.answered(welcomeMessage).message

        // The recorded hello and proof, against a listener with a new nonce.
        let again = try LaneListenerHello(helloMessage).welcomed(with: there.key, nonce: bytes32(3))
        #expect(error(again, proofMessage) == LaneOpeningError.wrongProof(here.lane(0)))
        // The recorded welcome, against a dialer with a new nonce.
        let redial = try LaneDialerHello(name: here.lane(0), key: here.key, nonce: bytes32(4))
        #expect(error(redial, welcomeMessage) == LaneOpeningError.wrongProof(here.lane(0)))
    }

    /// Whoever has no key sends a dialer's own proof back, as if it were the listener's, for equal nonces.
    @Test func reflectedProofsDoNotServe() throws {
        let (here, _) = try agree()
        let name = here.lane(0)
        let mirrored = here.key.proof(role: .dialer, name: name, peerNonce: bytes32(1))
        let hello = try LaneDialerHello(name: name, key: here.key, nonce: bytes32(1))
        #expect(error(hello, .welcome(nonce: bytes32(1), proof: mirrored)) == LaneOpeningError.wrongProof(name))
    }

    @Test func aProofIsForOneGeneration() throws {
        let (here, there) = try agree()
        let one = try LaneDialerHello(name: here.lane(0, 1), key: here.key, nonce: bytes32(1))
        let two = try LaneDialerHello(name: here.lane(0, 2), key: here.key, nonce: bytes32(1))
        let welcome = try LaneListenerHello(one.hello).welcomed(with: there.key, nonce: bytes32(2)).message
        #expect(error(two, welcome) == LaneOpeningError.wrongProof(here.lane(0, 2)))
    }

    @Test func messagesOutOfTurnAreRefused() throws {
        let (here, there) = try agree()
        let hello = LaneHandshake.hello(here.lane(0), nonce: bytes32(1))
        let welcome = LaneHandshake.welcome(nonce: bytes32(1), proof: bytes32(2))
        let proof = LaneHandshake.proof(bytes32(2))
        for message in [hello, proof] {
            let step = try LaneDialerHello(name: here.lane(0), key: here.key, nonce: bytes32(1))
            #expect(error(step, message) == LaneOpeningError.unexpected(due: "welcome"))
        }
        for message in [welcome, proof] {
            #expect(throws: LaneOpeningError.unexpected(due: "hello")) { _ = try LaneListenerHello(message) }
        }
        for message in [hello, welcome] {
            let step = try LaneListenerHello(hello).welcomed(with: there.key, nonce: bytes32(2))
            #expect(error(step, message) == LaneOpeningError.unexpected(due: "proof"))
        }
    }

    @Test func refusalsCarryTheirReason() throws {
        let (here, there) = try agree()
        let step = try LaneDialerHello(name: here.lane(0), key: here.key, nonce: bytes32(1))
        let heard = try LaneListenerHello(step.hello)
        let answer = heard.refused(.busy)
        #expect(error(step, answer) == LaneOpeningError.refused(.busy))
        let welcome = try LaneListenerHello(.hello(here.lane(0), nonce: bytes32(1)))
            .welcomed(with: there.key, nonce: bytes32(2))
        #expect(error(welcome, .refused(.identity)) == LaneOpeningError.refused(.identity))
    }

    @Test func aKeyOfAnotherEpochIsNotUsed() throws {
        let (here, there) = try agree(epoch: 2)
        var name = here.lane(0)
        name.epoch = 1
        #expect(throws: LaneOpeningError.otherChannel(name)) {
            _ = try LaneDialerHello(name: name, key: here.key, nonce: bytes32(1))
        }
        let heard = try LaneListenerHello(.hello(name, nonce: bytes32(1)))
        do {
            _ = try heard.welcomed(with: there.key, nonce: bytes32(2))
            Issue.record("welcomed with another epoch's key")
        } catch {
            #expect(error == .otherChannel(name))
        }
    }
}
