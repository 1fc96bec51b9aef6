import Glibc
import MeshTransport
import MeshTrust
import MeshWire
import NIOCore
import NIOPosix
import Testing

/// Whom `--peer` names may be anybody. A node that dials is told lies, and ends for a stated reason or goes on.
@Suite struct HostileHostTests {
    @Test func answers() async throws { try await lure(HostMisdeeds.endings) }
    @Test func lanes() async throws { try await lure(HostMisdeeds.endured) }

    private func lure(_ misdeeds: [Misdeed]) async throws {
        try await onStage { stage in
            stage.makeSurroundings()
            stage.folder("OUT")
            stage.folder("goods")
            for misdeed in misdeeds { try await stage.lure(misdeed) }
            try await stage.expectServing(.receiver)
        }
    }

    /// Who listens there is no node of this code: it is left again, for a reason that names what to do.
    @Test func strangers() async throws {
        try await onStage { stage in
            stage.folder("OUT")
            let identity = NodeIdentity()
            let code = VictimSide.receiver.code(stage)
            let other = try HostilePeer.credentials(identity, code: VictimSide.receiver.code(stage))
            let right = try HostilePeer.credentials(identity, code: code)
            let cases: [(TLSCredentials, [Plane], Int32, String)] = [
                (other, Plane.allCases, 5, "code"), (right, [.lane], 1, "version"), (right, [], 1, "version"),
            ]
            for (credentials, planes, status, words) in cases {
                let port = try stage.freePort()
                let host = try await HostileHost.open(port, identity, credentials, planes: planes)
                let victim = try VictimSide.receiver.dial(stage, code, port)
                let ended = await victim.exit()
                #expect(ended == status && victim.sentence.contains(words), "\(planes): \(ended) \(victim.errors)")
                await host.close()
            }
        }
    }

    /// Something else has the address: it is dialed until the right node is there, or named as what it is.
    @Test(arguments: Squatter.all) func anotherProgram(_ squatter: Squatter) async throws {
        try await onStage { stage in
            stage.makeTree(size: 100_000)
            // First, so that it does not inherit the listening socket.
            let receiver = try stage.receive("--wait", "200")
            _ = await receiver.event("waiting")
            let guests = Inbox<Void>()
            let server = try await squatter.listen(stage.port, guests)
            guard squatter.isEndured else {
                try await receiver.expectEnd(1, saying: "speaks another protocol")
                return try await server.close().get()
            }
            #expect(await guests.first(count: 2, within: 30) { _ in true } == true)
            #expect(receiver.isRunning, "\(receiver.errors)")
            try await server.close().get()
            try await stage.bothSucceed(try stage.send(), receiver)
            stage.expectSame()
        }
    }
}

/// A program that is no node of ours.
struct Squatter: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What it says to whoever comes; it closes where that is nothing.
    let words: [UInt8]
    var isSilent = false
    /// Whether it may be a node that is not up yet.
    var isEndured = false

    static let all: [Squatter] = [
        Squatter(testDescription: "closes at once", words: [], isEndured: true),
        Squatter(testDescription: "silence", words: [], isSilent: true, isEndured: true),
        Squatter(testDescription: "a banner", words: Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)),
        Squatter(testDescription: "a web server", words: Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)),
        Squatter(testDescription: "noise", words: Noise.bytes(40_000)),
        Squatter(testDescription: "a TLS record of 65,535 bytes", words: [22, 3, 3, 0xff, 0xff, 2, 0, 0, 9]),
    ]

    func listen(_ port: UInt16, _ guests: Inbox<Void>) async throws -> any Channel {
        let (words, isSilent) = (words, isSilent)
        return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SquatterSpeech(isSilent ? nil : words, guests))
                }
            }
            .bind(host: "127.0.0.1", port: Int(port)).get()
    }
}

private final class SquatterSpeech: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let words: [UInt8]?
    private let guests: Inbox<Void>

    init(_ words: [UInt8]?, _ guests: Inbox<Void>) {
        self.words = words
        self.guests = guests
    }

    func channelActive(context: ChannelHandlerContext) {
        guests.add(())
        guard let words else { return }
        guard !words.isEmpty else { return context.close(promise: nil) }
        context.writeAndFlush(NIOAny(ByteBuffer(bytes: words)), promise: nil)
    }
}
