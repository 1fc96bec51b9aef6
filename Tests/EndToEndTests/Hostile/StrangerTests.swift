import Foundation
import Glibc
import MeshTransport
import MeshTrust
import MeshWire
import NIOCore
import Testing

/// Who has no code, or takes for ever: an honest peer gets through all the same.
@Suite struct StrangerTests {
    /// From one address there are as many as an address may have; the others are turned away, and who comes from elsewhere
    /// does not notice.
    @Test func halfOpenConnectionsByTheHundred() async throws {
        try await onStage { stage in
            stage.makeTree(size: 300_000)
            let sender = try await stage.waitingSender()
            let memory = MemoryWatch(sender)
            let before = stage.descriptors(of: sender)
            var sockets = (0..<400).compactMap { _ in RawSocket(stage.port, from: "127.0.0.2") }
            // A loaded machine resets one or two before they are seen to be open.
            #expect(sockets.count > 300)
            // In the middle of TLS: a ClientHello's first bytes.
            for number in 3..<7 {
                for _ in 0..<50 {
                    guard let socket = RawSocket(stage.port, from: "127.0.0.\(number)") else { continue }
                    socket.say([22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3] + Noise.bytes(100))
                    sockets.append(socket)
                }
            }
            let isSettled = await poll { sockets.count { !$0.isClosed } <= 5 * 16 }
            #expect(isSettled, "\(sockets.count { !$0.isClosed }) are open")
            let taken = stage.descriptors(of: sender) - before
            #expect(taken <= 5 * 16 + 8, "\(taken) connections")
            try await stage.bothSucceed(sender, try stage.receive())
            #expect(memory.peak < memoryLimit)
            Log.line(
                "600 half-open connections of 5 addresses: \(taken) taken, \(memory.peak >> 20) MiB, a transfer beside them"
            )
        }
    }

    /// Nobody holds a place longer than its time: 10 s for TLS and for a lane, 15 s until a channel is agreed on.
    @Test func oneByteASecond() async throws {
        async let handshakes: Void = handshakesThatTakeForEver()
        async let link: Void = aLinkThatNeverAgrees()
        _ = try await (handshakes, link)
    }

    private func handshakesThatTakeForEver() async throws {
        try await onStage { stage in
            let (victim, peer) = try await stage.begin()
            let agreed = try await peer.open()
            let stranger = try #require(RawSocket(peer.port, from: "127.0.0.9"))
            let silent = try await LaneTalk.dial(peer.port, peer.credentials)
            let slow = try await LaneTalk.dial(peer.port, peer.credentials)
            let link = try await peer.meetAgain()
            let began = Date()
            async let tls = Self.drip([22, 3, 1, 2, 0, 1] + Noise.bytes(60), began) {
                stranger.say([$0])
            } until: {
                stranger.isClosed
            }
            // The header of a frame of 60 bytes, and then its bytes.
            async let lane = Self.drip([2, 0, 0, 0, 0, 0, 0, 60] + [UInt8](repeating: 1, count: 60), began) { byte in
                slow.connection.shout(ByteBuffer(bytes: [byte]))
                return true
            } until: {
                slow.heard.end != nil
            }
            async let nothing = Self.drip([], began) { _ in
                true
            } until: {
                silent.heard.end != nil
            }
            let ends = await (tls, lane, nothing)
            for (name, seconds) in [("TLS", ends.0), ("lane", ends.1), ("silent lane", ends.2)] {
                #expect(seconds < 12.5, "\(name): open for \(seconds) s")
                Log.line("one byte a second, \(name): closed after \(Int(seconds)) s")
            }
            // The transfer on the same node took no harm.
            try await peer.openLane(agreed, 1)
            try await peer.transfer(Goods.of("a"))
            #expect(await victim.exit() == 0, "\(victim.errors)")
            link.close()
        }
    }

    /// A link that says its first words byte by byte is given up, and the next one is taken.
    private func aLinkThatNeverAgrees() async throws {
        try await onStage { stage in
            let (victim, peer) = try await stage.begin()
            let began = Date()
            let lost = victim
            async let seconds = Self.drip([0, 0, 0, 90] + Array(repeating: 32, count: 40), began) { byte in
                peer.control.connection.shout(ByteBuffer(bytes: [byte]))
                return true
            } until: {
                lost.events.contains { $0.name == "lost" }
            }
            #expect(await seconds < 17)
            let reason = await victim.event("lost")?.text("reason") ?? ""
            #expect(reason.contains("did not say in time who it is"), "\(reason)")
            let again = try await peer.meetAgain()
            try await again.open()
            try await again.transfer(Goods.of("a"))
            #expect(await victim.exit() == 0, "\(victim.errors)")
        }
    }

    @Test func whatIsNoTLS() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            let sender = try await stage.waitingSender()
            let hellos: [(String, [UInt8])] = [
                ("HTTP", Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)),
                ("noise", Noise.bytes(2_000)),
                ("20 KiB of zeros", [UInt8](repeating: 0, count: 20_000)),
                ("a record of 64 KiB", [22, 3, 1, 0xff, 0xff] + Noise.bytes(20_000)),
                ("a hello without a name", Self.namelessHello),
            ]
            for (name, bytes) in hellos {
                let socket = try #require(RawSocket(stage.port, from: "127.0.0.2"))
                socket.say(bytes)
                #expect(await socket.closes(within: 5), "\(name): the connection is open")
                Log.line("\(name) instead of TLS: closed")
            }
            // None of that was a guess at the code.
            #expect(stage.attempts(home: "A") == 0)
            try await stage.bothSucceed(sender, try stage.receive())
        }
    }

    /// Three guesses for an address. The count in all outlives the process.
    @Test func wrongCodes() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            let sender = try await stage.waitingSender()
            let (node, good) = (NodeIdentity(), stage.code)
            let right = try HostilePeer.credentials(node, code: good)
            let wrong = try HostilePeer.credentials(node, code: "0000-0000-0000")
            for _ in 0..<3 { #expect(await !stage.isLetIn(wrong, from: "127.0.0.3")) }
            #expect(await !stage.isLetIn(right, from: "127.0.0.3"), "a fourth try was let in")
            #expect(await poll { stage.attempts(home: "A") >= 3 }, "\(stage.attempts(home: "A"))")
            try await stage.bothSucceed(sender, try stage.receive())
            Log.line("three wrong codes: the address is refused, another one is served")
        }
    }

    /// A thousand guesses burn the code, over however many processes.
    @Test func wrongCodesWithoutEnd() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            let wrong = try HostilePeer.credentials(NodeIdentity(), code: "0000-0000-0000")
            for guesses in [500, 500] {
                let sender = try await stage.waitingSender()
                let before = stage.attempts(home: "A")
                for number in 0..<guesses { _ = await stage.isLetIn(wrong, from: "127.0.1.\(1 + number % 250)") }
                #expect(await poll { stage.attempts(home: "A") >= before + guesses }, "\(stage.attempts(home: "A"))")
                await sender.kill()
            }
            let sender = try stage.send()
            #expect(await sender.exit() == 5)
            #expect(sender.errors.contains("this code was tried wrongly too often"), "\(sender.errors)")
            Log.line("1,000 wrong codes over two processes: burned")
        }
    }

    /// Noise on the discovery port and at the meeting point: nobody is found by it, and nobody is kept from being found.
    @Test func floodsOfDatagrams() async throws {
        try await onStage { stage in
            stage.makeTree(size: 300_000)
            let sender = try await stage.waitingSender()
            let memory = MemoryWatch(sender)
            async let flood = RawSocket.flood(udp: UInt16(MulticastDiscovery.defaultPort), for: 3)
            let points = { stage.names("run/pmesh").filter { $0.hasSuffix(".sock") } }
            #expect(await poll { !points().isEmpty })
            let talks = points().flatMap { point in
                (0..<100).compactMap { _ in UnixSocket(stage("run/pmesh/" + point)) }
            }
            for talk in talks { talk.say(Noise.bytes(1_200)) }
            try await stage.bothSucceed(sender, try stage.receive())
            #expect(memory.peak < memoryLimit)
            let sent = await flood
            #expect(sent > 1_000 && !talks.isEmpty)
            Log.line(
                "\(sent) datagrams, \(talks.count) talks at the meeting point: \(memory.peak >> 20) MiB, a transfer beside them"
            )
        }
    }

    // MARK: tools

    /// A byte of TLS each second until something has happened; answers after how many seconds.
    private static func drip(
        _ bytes: [UInt8], _ began: Date, _ say: @Sendable (UInt8) -> Bool, until isOver: @Sendable () -> Bool
    ) async -> Double {
        var next = 0
        while !isOver() {
            let seconds = Date().timeIntervalSince(began)
            if seconds > 30 { break }
            if next < bytes.count, seconds >= Double(next) {
                _ = say(bytes[next])
                next += 1
            }
            // Slowness is the attack itself: nothing here waits for a result.
            try? await Task.sleep(for: .milliseconds(20))
        }
        return Date().timeIntervalSince(began)
    }

    /// TLS 1.3 as far as a listener reads it, without SNI.
    private static let namelessHello: [UInt8] =
        [22, 3, 1, 0, 47, 1, 0, 0, 43, 3, 3] + [UInt8](repeating: 5, count: 32) + [0, 0, 2, 0x13, 1, 1, 0, 0, 0]
}

extension Stage {
    fileprivate func waitingSender() async throws -> Child {
        let sender = try send()
        try expected(await sender.event("listening"), "a listener")
        return sender
    }

    /// Whether TLS came about on both sides.
    fileprivate func isLetIn(_ credentials: TLSCredentials, from source: String) async -> Bool {
        guard let talk = try? await ControlTalk.dial(port, from: source, NodeIdentity(), credentials) else {
            return false
        }
        defer { talk.connection.close() }
        return await talk.heard.first(within: 3) { _ in true } ?? false
    }

    fileprivate func descriptors(of child: Child) -> Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(child.pid)/fd")) ?? []).count
    }

    /// Wrong attempts at the one code of a home, as its journal has them.
    fileprivate func attempts(home: String) -> Int {
        let texts = try? PlainSQL.texts(
            "SELECT CAST(coalesce(max(attempts), 0) AS TEXT) FROM code", on: self(home + "/journal.sqlite"))
        return texts?.first.flatMap { Int($0) } ?? -1
    }
}
