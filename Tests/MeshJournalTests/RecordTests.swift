import MeshJournal
import MeshTransfer
import MeshWire
import Testing

@Suite struct RecordTests {
    @Test func peersAreKeptUpToDate() async throws {
        try await withJournal { journal in
            try await journal.see(nodeID(1), address: "10.0.0.1:7", at: 50)
            try await journal.upsert(
                PeerRecord(node: nodeID(1), name: "ann", publicKey: [1], firstSeen: 60, lastSeen: 60))
            try await journal.see(nodeID(2), at: 70)
            try await journal.see(nodeID(1), at: 40)
            let ann = PeerRecord(
                node: nodeID(1), name: "ann", publicKey: [1], address: "10.0.0.1:7", firstSeen: 50, lastSeen: 60)
            #expect(try await journal.peer(nodeID(1)) == ann)
            #expect(try await journal.peer(nodeID(3)) == nil)
            #expect(try await journal.peers(limit: 9).map(\.node) == [nodeID(2), nodeID(1)])
            #expect(try await journal.peers(limit: 1).count == 1)
        }
    }

    @Test func meshesAreKept() async throws {
        try await withJournal { journal in
            var mesh = MeshRecord(authority: digest(1), name: "home", member: "ann", joined: 5)
            try await journal.upsert(mesh)
            mesh.parted = 9
            try await journal.upsert(mesh)
            #expect(try await journal.meshes() == [mesh])
        }
    }

    @Test func channelsTellTheirEpochs() async throws {
        try await withJournal { journal in
            let id = ChannelID(Bytes16([UInt8](repeating: 4, count: 16))!)
            var first = ChannelRecord(id: id, epoch: 1, peer: nodeID(1), primeSet: "standard", lanes: 4, opened: 10)
            var second = ChannelRecord(id: id, epoch: 2, peer: nodeID(1), primeSet: "high", lanes: 8, opened: 20)
            try await journal.open(first)
            try await journal.open(second)
            (first.closed, first.reason) = (20, "recovered")
            #expect(try await journal.channels(limit: 9) == [second, first])
            try await journal.close(channel: id, reason: "idle", at: 30)
            (second.closed, second.reason) = (30, "idle")
            #expect(try await journal.channels(peer: nodeID(1), limit: 9) == [second, first])
            #expect(try await journal.channels(peer: nodeID(2), limit: 9) == [])
        }
    }

    @Test func retriesAreListed() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .receive))
            let retries = [
                RetryRecord(subject: .chunk(1 << 39), reason: "digest", time: 1),
                RetryRecord(subject: .lane(prime: 1009), reason: "lane lost", time: 2),
                RetryRecord(subject: .channel(epoch: .max), reason: "no lane left", time: 3),
                RetryRecord(subject: .entry(7), reason: "changed", time: 4),
            ]
            try await journal.record(Array(retries[..<1]), of: transferID(1))
            try await journal.record(Array(retries[1...]), of: transferID(1))
            #expect(try await journal.retries(of: transferID(1), limit: 9) == retries.reversed())
            #expect(try await journal.retries(of: transferID(1), limit: 1) == [retries[3]])
            let counts = try await journal.retryCounts(of: transferID(1))
            #expect(counts.chunks == 1 && counts.lanes == 1 && counts.channels == 1 && counts.entries == 1)
        }
    }

    /// A peer that drops its lanes for ever fills no disk; another transfer's are its own.
    @Test func retriesMakeRoomForLaterOnes() async throws {
        try await withJournal { journal in
            for number in [UInt8(1), 2] { try await journal.create(record(number, .receive)) }
            let lost = { RetryRecord(subject: .lane(prime: $0), reason: "lane lost", time: 0) }
            try await journal.record([lost(1)], of: transferID(2))
            try await journal.record((0..<UInt16(Journal.retryLimit)).map(lost), of: transferID(1))
            try await journal.record([lost(9_999)], of: transferID(1))
            let kept = try await journal.retries(of: transferID(1), limit: .max)
            #expect(kept.count == Journal.retryLimit && kept.first == lost(9_999) && kept.last == lost(1))
            #expect(try await journal.retryCounts(of: transferID(2)).lanes == 1)
        }
    }
}
