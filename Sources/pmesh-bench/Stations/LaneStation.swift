import MeshChannel
import MeshTransport
import MeshTrust
import MeshWire
import NIOCore
import NIOPosix

/// Station 5: one lane over loopback, both ends in this process. What it costs is TLS on both sides, the sockets, and
/// cutting frames out of what arrives.
struct LaneStation {
    static let name = "TLS lane, both ends"
    private static let chunks = 1_024

    func measure() async throws -> Station {
        let (ann, bob) = (try Node(), try Node())
        let keys = try Keys(dialer: ann.identity.nodeID, listener: bob.identity.nodeID)
        let group = MultiThreadedEventLoopGroup.singleton
        let contexts = TLSContexts()
        let listener = try await NodeListener.bind(
            NodeListener.Configuration(control: [NodeAddress(host: "127.0.0.1", port: 0)]), group: group,
            contexts: contexts, credentials: { sni, _ in sni == bob.credentials.sni ? bob.credentials : nil })
        let cost = try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await listener.run { await Self.receive($0, keys) } }
            defer { tasks.cancelAll() }
            let dialer = NodeDialer(group: group, contexts: contexts)
            return try await Cost.least {
                let connection = try await dialer.dial(
                    listener.controlAddresses[0], plane: .lane, credentials: ann.credentials, timeout: .seconds(10))
                let lane = try await Lane.open(connection, name: keys.name, key: keys.dialer, nonce: Bytes32())
                try await Self.send(over: lane)
            }
        }
        let speed = Text.short(Double(Self.chunks) / cost.wall)
        return Station(
            name: Self.name, amount: Double(Self.chunks), cost: cost,
            remark: "X25519MLKEM768, AES-GCM; one lane alone \(speed) MiB/s")
    }

    /// Sends all chunks as credit allows, and returns once the other end has closed the lane after the last.
    private static func send(over lane: Lane) async throws {
        let frames = (0..<Stations.span / Stations.chunk).map { _ in chunk() }
        let cost = UInt64(frames[0].readableBytes)
        var rest = chunks
        for await event in lane.events {
            switch event {
            case .room:
                while rest > 0, lane.room.queued < 1 << 20, lane.room.credit >= cost {
                    lane.send(chunks: [frames[rest % frames.count]])
                    rest -= 1
                }
            case .closed: break
            case .frames, .echo, .drain: continue
            }
        }
        guard rest == 0 else { throw BenchError("the lane was lost while it was measured: run it again") }
    }

    private static func receive(_ connection: SecureConnection, _ keys: Keys) async {
        guard
            let lane = try? await Lane.accept(
                connection, nonce: Bytes32(), lookup: { _ in .admitted(keys.listener) })
        else { return }
        var missing = chunks
        for await event in lane.events {
            guard case .frames(let frames) = event else { continue }
            for case .chunk(let chunk) in frames {
                lane.free(bytes: chunk.cost)
                missing -= 1
            }
            if missing == 0 { lane.closeWhenSent() }
        }
    }

    private static func chunk() -> ByteBuffer {
        var frames = ByteBuffer(repeating: 0x5a, count: FrameEncoder.cost(payload: Stations.chunk))
        let header = ChunkHeader(
            number: 0, encoding: .raw, rawLength: Stations.chunk, encodedLength: Stations.chunk, digest: Digest())
        FrameEncoder.frame(header, stream: 1, in: &frames, at: 0)
        return frames
    }

    /// A node under a code that is known to both.
    private struct Node {
        let identity = NodeIdentity()
        let credentials: TLSCredentials

        init() throws {
            credentials = try CodeAuthority(CodeSecrets(master: Bytes32())).credentials(for: identity)
        }
    }

    /// A channel agreed on in memory.
    private struct Keys {
        let dialer: ChannelKey
        let listener: ChannelKey
        let name: LaneName

        init(dialer ann: NodeID, listener bob: NodeID) throws {
            let ends = ChannelEnds(local: ann, remote: bob, role: .dialer)
            let offering = try ChannelOffering(
                channel: ChannelID(Bytes16()), epoch: 1, set: .standard, lanes: 1, ends: ends)
            let others = ChannelEnds(local: bob, remote: ann, role: .listener)
            let (status, answered) = try ChannelAnswering(ends: others, policy: .init()).answer(offering.offer)
            let offered = try offering.accepted(status)
            (dialer, listener) = (offered.key, answered.key)
            name = LaneName(channel: offered.channel, epoch: 1, prime: offered.primes[0], generation: 1)
        }
    }
}
