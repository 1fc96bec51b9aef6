import Glibc
import MeshTrust
import MeshWire
import NIOCore
import NIOPosix
import Testing

@testable import MeshTransport

/// Whoever may not be there is told so, and disturbs nobody.
@Suite struct IdentityTests {
    @Test func wrongCode() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            let sender = try stage.send()
            #expect(await sender.event("listening") != nil)
            let stranger = try stage.receive(home: "C", out: "STRANGE", code: "0000-0000-0001")
            try await stranger.expectEnd(5, saying: "check the code")
            #expect(stage.names("STRANGE").isEmpty)
            // The right one comes after.
            try await stage.bothSucceed(sender, try stage.receive())
            stage.expectSame()
        }
    }

    /// A third node with the code of a pair that is settled.
    @Test func codeOfAnotherPair() async throws {
        try await onStage { stage in
            stage.makeTree(size: 12_000_000)
            let half = try await stage.startHalf()
            let (sender, receiver) = (half.sender, half.receiver)
            await receiver.kill()
            let thief = try stage.receive("--wait", "2", home: "C", out: "STOLEN")
            let code = await thief.exit()
            #expect(code == 5, "\(code): \(thief.errors)")
            #expect(stage.names("STOLEN").isEmpty)
            try await stage.bothSucceed(sender, try stage.receive())
            stage.expectSame()
        }
    }

    @Test func expiredCode() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            try await stage.send("tree", "--wait", "0.2").expectEnd(4, saying: "nobody came in time")
            // 15 minutes later.
            try stage.edit(journalOf: "A", "UPDATE code SET created = 1, expires = 2")
            try await stage.send().expectEnd(5, saying: "this code has expired")
        }
    }

    @Test func burnedCode() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            try await stage.send("tree", "--wait", "0.2").expectEnd(4, saying: "nobody came in time")
            try stage.edit(journalOf: "A", "UPDATE code SET state = 'burned'")
            try await stage.send().expectEnd(5, saying: "tried wrongly too often")
        }
    }

    @Test func codeThatWasUsedForOtherPaths() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            stage.file("other", Array("text".utf8))
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            try await stage.send("other").expectEnd(2, saying: "this code was used for other paths")
        }
    }

    /// What is no pmesh at all: the sender goes on serving.
    @Test func garbageOnThePort() async throws {
        try await onStage { stage in
            stage.makeTree(size: 100_000)
            let sender = try stage.send()
            #expect(await sender.event("listening") != nil)
            RawTalk.send([], to: stage.port)
            RawTalk.send(Array("GET / HTTP/1.1\r\n\r\n".utf8), to: stage.port)
            RawTalk.send(Noise.bytes(20_000), to: stage.port)
            // The head of a TLS record that never comes whole.
            RawTalk.send([0x16, 0x03, 0x01, 0x40, 0x00, 0x01], to: stage.port)
            #expect(sender.isRunning)
            try await stage.bothSucceed(sender, try stage.receive())
            stage.expectSame()
        }
    }

    /// The right peer, checked in TLS, sends a frame that is none.
    @Test(arguments: [[0xff, 0xff, 0xff, 0xff], [0, 0, 0, 2, 0x7b, 0x7d], [0, 0, 1]] as [[UInt8]])
    func hostileFrame(_ bytes: [UInt8]) async throws {
        try await onStage { stage in
            stage.makeTree(size: 12_000_000)
            let half = try await stage.startHalf()
            let (sender, receiver) = (half.sender, half.receiver)
            await receiver.kill()
            try await stage.impersonate(home: "B", saying: bytes)
            #expect(sender.isRunning)
            try await stage.bothSucceed(sender, try stage.receive())
            stage.expectSame()
        }
    }
}

extension Stage {
    /// Dials the sender with the key and the code of a home, and says `bytes` in the place of the first frame.
    func impersonate(home: String, saying bytes: [UInt8]) async throws {
        let identity = try NodeIdentity(stored: try #require(contents(home + "/node.key")))
        let secrets = try CodeSecrets(stretching: try OneTimeCode(code))
        let credentials = try CodeAuthority(secrets).credentials(for: identity)
        let group = MultiThreadedEventLoopGroup.singleton
        let connection = try await NodeDialer(group: group, contexts: TLSContexts())
            .dial(
                NodeAddress(host: "127.0.0.1", port: port), plane: .control, credentials: credentials,
                timeout: .seconds(10))
        try? await connection.channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
        // A frame that is cut short ends with its connection.
        if bytes.count < 4 { connection.close() }
        await connection.closed()
    }

    /// Runs one statement on the journal of a home that no process uses.
    func edit(journalOf home: String, _ sql: String) throws {
        try PlainSQL.run(sql, on: self(home + "/journal.sqlite"))
    }
}

/// Connections without TLS.
enum RawTalk {
    static func send(_ bytes: [UInt8], to port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        guard Loopback.connect(descriptor, port) == 0 else { return }
        _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}

extension Child {
    /// Waits for the end and checks its code, its sentence on standard error, and its last event.
    func expectEnd(_ code: Int32, saying words: String, at location: SourceLocation = #_sourceLocation) async throws {
        let end = await exit()
        #expect(end == code, "\(command)\n\(errors)", sourceLocation: location)
        #expect(errors.contains(words), "\(errors)", sourceLocation: location)
        #expect(errors.hasPrefix("pmesh: "), "\(errors)", sourceLocation: location)
        guard command.contains("--json") else { return }
        let last = try #require(events.last, sourceLocation: location)
        #expect(last.name == "error" && last.number("code") == Int(code), "\(last)", sourceLocation: location)
        #expect(errors.contains(last.text("message") ?? "-"), "\(last)", sourceLocation: location)
    }
}
