import Foundation
import Glibc
import Testing

/// A transfer's control link and its lanes have lives of their own.
@Suite struct LinkTests {
    private static let control = "pmesh-control/1"
    private static let lane = "pmesh-lane/1"

    /// A transfer that lasts as long as the test wants: its source is a pipe that the test fills.
    private struct Flow {
        let sender: Child
        let receiver: Child
        private let pipe: Int32
        /// Less than a chunk of a pipe does not leave.
        private static let chunk = 256 * 1024
        private let stage: Stage

        /// Under a code, through a road.
        init(_ stage: Stage, _ options: String = "", road: Road) throws {
            try self.init(stage, "--listen 127.0.0.1:\(stage.port) \(options)") { try stage.receive(port: road.port) }
        }

        /// Between members: from `ada` to `ben`.
        init(members stage: Stage) async throws {
            let ben = try stage.waitForMembers("B")
            #expect(await ben.event("listening") != nil)
            try self.init(stage, "--to ben --peer 127.0.0.1:\(stage.port)") { ben }
        }

        private init(_ stage: Stage, _ options: String, receiver: () throws -> Child) throws {
            self.stage = stage
            mkfifo(stage("pipe"), 0o600)
            pipe = open(stage("pipe"), O_RDWR | O_CLOEXEC | O_NONBLOCK)
            sender = try stage.shell("exec \"$0\" send - --home A --json \(options) < pipe")
            self.receiver = try receiver()
        }

        /// Gives the pipe one more chunk, and waits until `count` of them have arrived.
        func give(chunk count: Int) async {
            var rest = [UInt8](repeating: UInt8(count), count: Self.chunk)[...]
            let isTaken = await poll {
                let taken = rest.withUnsafeBytes { write(pipe, $0.baseAddress, $0.count) }
                if taken > 0 { rest = rest.dropFirst(taken) }
                return rest.isEmpty
            }
            #expect(isTaken)
            #expect(await receiver.event("progress") { $0.number("bytes") >= count * Self.chunk } != nil)
        }

        /// The pipe ends: both come to their end, which no loss preceded.
        func end(chunks count: Int) async throws {
            close(pipe)
            let codes = (await sender.exit(), await receiver.exit())
            #expect(codes == (0, 0), "\(sender.errors) \(receiver.errors)")
            for child in [sender, receiver] {
                #expect(child.events.count { $0.name == "lost" } == 0, "\(child.output)")
                #expect(child.events.count { $0.name == "connected" } == 1)
            }
            let size = try FileManager.default.attributesOfItem(atPath: stage("OUT/stdin"))[.size] as? Int
            #expect(size == count * Self.chunk)
        }
    }

    /// The link is gone for good, its way closed: lanes alone carry the transfer to its end.
    @Test func lanesCarryOnWithoutALink() async throws {
        try await onStage { stage in
            let road = try stage.road(recording: true)
            let data = try stage.freePort()
            let flow = try Flow(stage, "--data-listen 127.0.0.1:\(data)", road: road)
            await flow.give(chunk: 1)
            #expect(road.count(Self.lane) == 0 && road.count(Self.control) == 1)
            road.close()
            await flow.give(chunk: 2)
            try await flow.end(chunks: 2)
        }
    }

    /// The link is cut and comes again beside lanes that live; then all lanes are cut, and the channel recovers by that link.
    @Test func aLinkThatCameBackRecoversTheChannel() async throws {
        try await onStage { stage in
            let road = try stage.road(recording: true)
            let flow = try Flow(stage, road: road)
            await flow.give(chunk: 1)
            road.cut(Self.control)
            await flow.give(chunk: 2)
            let isBack = await poll {
                road.conversations.count { $0.dialer.prefix(2_048).contains(Array(Self.control.utf8)) } == 2
            }
            #expect(isBack)
            #expect(road.count(Self.lane) > 0)
            road.cut(Self.lane)
            await flow.give(chunk: 3)
            try await flow.end(chunks: 3)
        }
    }

    /// Another command of the same member goes to the same receiver: it waits, and takes nothing from the first.
    @Test func anotherRunOfThePeerWaits() async throws {
        try await onStage { stage in
            try await stage.foundMesh()
            stage.makeTree(size: 1_000)
            let flow = try await Flow(members: stage)
            await flow.give(chunk: 1)
            let second = try stage.sendToMember("ben", "--peer", "127.0.0.1:\(stage.port)")
            #expect(await second.event("connected") != nil)
            await flow.give(chunk: 2)
            await flow.give(chunk: 3)
            try await flow.end(chunks: 3)
            await second.kill()
        }
    }
}
