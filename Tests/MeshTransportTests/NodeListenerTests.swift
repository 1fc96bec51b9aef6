import MeshTransport
import MeshTrust
import MeshWire
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@Suite struct NodeListenerTests {
    @Test func twoNodesOfOneCodeSeeEachOthersKeys() async throws {
        let (ann, bob) = (try TestNode(), try TestNode())
        try await withConnection(.control, dialer: ann, listener: bob) { dialed, accepted in
            let seen = try [dialed, accepted].map { try NodeIdentity.nodeID(ofCertificateDER: $0.leafDER) }
            #expect(seen == [bob.id, ann.id])
            #expect(accepted.sni == bob.credentials.sni)
            #expect(accepted.remoteAddress == dialed.localAddress)
            #expect(accepted.counters.received > 1_000)
        }
    }

    @Test func onePortSortsBothPlanesByALPN() async throws {
        let (ann, bob) = (try TestNode(), try TestNode())
        try await withListener(bob) { listener, accepted, _ in
            #expect(listener.dataAddresses == listener.controlAddresses)
            let lane = try await ann.dial(listener.dataAddresses[0], .lane)
            #expect(await accepted.next?.plane == .lane)
            let control = try await ann.dial(listener.controlAddresses[0], .control)
            #expect(await accepted.next?.alpn == "pmesh-control/1")
            lane.close()
            control.close()
        }
    }

    @Test func separatePortsTakeTheirOwnPlaneAlone() async throws {
        let (ann, bob) = (try TestNode(), try TestNode())
        let apart = NodeListener.Configuration(control: [loopback], data: [loopback])
        try await withListener(bob, apart) { listener, accepted, rejected in
            let (control, data) = (listener.controlAddresses[0], listener.dataAddresses[0])
            #expect(control != data)
            await #expect(throws: TransportError.incompatible(data, "no common protocol")) {
                _ = try await ann.dial(data, .control)
            }
            await #expect(throws: TransportError.incompatible(control, "no common protocol")) {
                _ = try await ann.dial(control, .lane)
            }
            for _ in 0..<2 { #expect(await rejected.next == .incompatible("no common protocol")) }
            let lane = try await ann.dial(data, .lane)
            #expect(await accepted.next?.plane == .lane)
            lane.close()
        }
    }

    @Test func anUnknownNameGetsAnAlertAndNoCertificate() async throws {
        let (stranger, bob) = (try TestNode(code: 2), try TestNode(code: 1))
        try await withListener(bob) { listener, _, rejected in
            let address = listener.controlAddresses[0]
            await #expect(throws: TransportError.unknownAuthority(address)) { _ = try await stranger.dial(address) }
            #expect(await rejected.next == .unknownName(stranger.credentials.sni))
        }
    }

    @Test func whatIsNoTLSGetsTheSameSevenBytes() async throws {
        try await withListener(try TestNode()) { listener, _, rejected in
            let answer = try await rawTalk(Array("GET / HTTP/1.1\r\n\r\n".utf8), with: listener.controlAddresses[0])
            #expect(answer == [21, 3, 3, 0, 2, 2, 112])
            #expect(await rejected.next == .unknownName(nil))
        }
    }

    @Test func anotherAuthorityUnderTheSameNameFailsOnBothSides() async throws {
        let bob = try TestNode(code: 1)
        let impostor = try TestNode(code: 2, sni: bob.credentials.sni)
        try await withListener(bob) { listener, _, rejected in
            let address = listener.controlAddresses[0]
            await #expect(throws: TransportError.untrusted(address)) { _ = try await impostor.dial(address) }
            #expect(await rejected.next == .untrusted)
        }
    }

    @Test func aClientThatTrustsUsWithoutBeingTrustedIsRejected() async throws {
        let (bob, other) = (try TestNode(code: 1), try TestNode(code: 2))
        // Bob's authority is believed, and another one's certificate shown.
        let mixed = TLSCredentials(
            sni: bob.credentials.sni, rootsDER: bob.credentials.rootsDER, chainDER: other.credentials.chainDER,
            privateKeyDER: other.credentials.privateKeyDER)
        try await withListener(bob) { listener, _, rejected in
            let dialer = NodeDialer(group: group, contexts: TLSContexts())
            let dialed = try await dialer.dial(
                listener.controlAddresses[0], plane: .control, credentials: mixed, timeout: .seconds(10))
            #expect(await rejected.next == .untrusted)
            let link = try? await ControlLink.open(dialed, me: other.id, peer: bob.id, clock: { 0 })
            var outcome: (any Error)?
            do {
                if let link { for try await _ in link.inbound {} }
            } catch {
                outcome = error
            }
            #expect(link == nil || outcome as? TransportError == .untrusted(listener.controlAddresses[0]))
        }
    }

    @Test func aHandshakeThatNeverComesIsCutOff() async throws {
        var configuration = NodeListener.Configuration(control: [loopback])
        configuration.limits.handshake = .milliseconds(50)
        try await withListener(try TestNode(), configuration) { listener, _, rejected in
            let answer = try await rawTalk([], with: listener.controlAddresses[0])
            #expect(answer == [])
            #expect(await rejected.next == .timedOut)
        }
    }

    @Test func halfAClientHelloIsCutOffAsWell() async throws {
        var configuration = NodeListener.Configuration(control: [loopback])
        configuration.limits.handshake = .milliseconds(50)
        try await withListener(try TestNode(), configuration) { listener, _, rejected in
            let answer = try await rawTalk([22, 3, 1, 2, 0, 1, 0], with: listener.controlAddresses[0])
            #expect(answer == [])
            #expect(await rejected.next == .timedOut)
        }
    }

    @Test func tooManyHandshakesOfOneAddressAreReset() async throws {
        let (ann, bob) = (try TestNode(), try TestNode())
        var configuration = NodeListener.Configuration(control: [loopback])
        configuration.limits.pendingPerAddress = 1
        // On one loop, so that the connection that came first is the first to be counted.
        try await withListener(bob, configuration, on: group.next()) { listener, accepted, rejected in
            let address = listener.controlAddresses[0]
            let idle = try await ClientBootstrap(group: group).connect(host: address.host, port: Int(address.port))
                .get()
            var failure: TransportError?
            do throws(TransportError) {
                _ = try await ann.dial(address)
            } catch {
                failure = error
            }
            #expect(failure?.isRetryable == true)
            #expect(await rejected.next == .busy)
            try await idle.close()
            #expect(await rejected.next == .interrupted("closed during the handshake"))
            let dialed = try await ann.dial(address)
            #expect(await accepted.next != nil)
            dialed.close()
        }
    }

    @Test func connectionsPerAddressAreCountedUntilTheyClose() async throws {
        let (ann, bob) = (try TestNode(), try TestNode())
        var configuration = NodeListener.Configuration(control: [loopback])
        configuration.limits.perAddress = 1
        try await withListener(bob, configuration) { listener, accepted, rejected in
            let first = try await ann.dial(listener.controlAddresses[0])
            let other = await accepted.next
            await #expect(throws: TransportError.self) { _ = try await ann.dial(listener.controlAddresses[0]) }
            #expect(await rejected.next == .busy)
            first.close()
            await other?.closed()
            let again = try await ann.dial(listener.controlAddresses[0])
            #expect(await accepted.next != nil)
            again.close()
        }
    }

    @Test func whatNobodyHandledYetIsClosedAsWell() async throws {
        let (ann, bob) = (try TestNode(), try TestNode())
        let listener = try await NodeListener.bind(
            .init(control: [loopback]), group: group, contexts: TLSContexts(), credentials: { _, _ in bob.credentials })
        let dialed = try await ann.dial(listener.controlAddresses[0])
        await withTaskGroup { tasks in
            tasks.addTask { await listener.run { await $0.closed() } }
            tasks.cancelAll()
        }
        await dialed.closed()
    }

    @Test func cancellingClosesEverything() async throws {
        let (ann, bob) = (try TestNode(), try TestNode())
        var survivor: SecureConnection?
        try await withListener(bob) { listener, accepted, _ in
            survivor = try await ann.dial(listener.controlAddresses[0])
            _ = await accepted.next
        }
        await survivor?.closed()
    }

    @Test func aTakenPortIsSaidSo() async throws {
        try await withListener(try TestNode()) { listener, _, _ in
            let taken = listener.controlAddresses[0]
            await #expect(throws: TransportError.cannotListen(taken, "Address already in use")) {
                _ = try await NodeListener.bind(
                    .init(control: [taken]), group: group, contexts: TLSContexts(), credentials: { _, _ in nil })
            }
        }
    }
}
