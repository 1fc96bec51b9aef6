import Foundation
import MeshTransfer
import MeshTrust
import MeshWire
import Testing

/// A peer that keeps to the protocol up to a point. Whatever it does then, the node ends or goes on for a reason that it
/// says, touches nothing outside of its destination, takes little memory, and serves the next one from the same home.
@Suite struct HostilePeerTests {
    @Test func paths() async throws { try await attack(.receiver, PathMisdeeds.refused + PathMisdeeds.odd) }
    /// One of these leaves what the next one goes by.
    @Test func waysAround() async throws { try await attack(.receiver, PathMisdeeds.detours, atATime: 1) }
    @Test func manifests() async throws { try await attack(.receiver, ManifestMisdeeds.lies + ManifestMisdeeds.pages) }
    @Test func chunks() async throws { try await attack(.receiver, ChunkMisdeeds.chunks + ChunkMisdeeds.headers) }
    @Test func frames() async throws { try await attack(.receiver, ChunkMisdeeds.frames) }
    @Test func receivers() async throws {
        try await attack(.sender, ReceiverMisdeeds.claims + ReceiverMisdeeds.receipts)
    }
    @Test func control() async throws { try await attack(.receiver, ControlMisdeeds.endings + ControlMisdeeds.endured) }

    /// `PMESH_HOSTILE_ENTRIES` for more of them; each page takes its time in a debug build.
    @Test func aManifestWithoutMeasure() async throws {
        try await attack(.receiver, [ManifestMisdeeds.many(Setting.entries)])
    }

    /// All of them against nodes of one home, a few at a time; then an honest peer.
    private func attack(_ side: VictimSide, _ misdeeds: [Misdeed], atATime width: Int = 2) async throws {
        try await onStage { stage in
            stage.makeSurroundings()
            stage.folder("OUT")
            stage.folder("goods")
            stage.file("goods/file", Noise.bytes(400_000))
            try await withThrowingTaskGroup { group in
                for lane in 0..<width {
                    group.addTask {
                        for index in stride(from: lane, to: misdeeds.count, by: width) {
                            try await stage.attack(misdeeds[index], on: side)
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await stage.expectServing(side)
        }
    }

    /// None of these lanes comes up, and the transfer beside them goes on.
    @Test func lanesThatAreNone() async throws {
        try await onStage { stage in
            let (victim, peer) = try await stage.begin()
            let agreed = try await peer.open()
            for misdeed in LaneMisdeed.all {
                let lane = try await LaneTalk.dial(peer.port, peer.credentials)
                try await misdeed.act(peer, agreed, lane)
                if let refusal = misdeed.refusal {
                    let told = await lane.refusal()
                    #expect(told == refusal, "\(misdeed.name): \(told.map { "\($0)" } ?? "nothing said")")
                }
                #expect(await lane.heard.isClosed(), "\(misdeed.name): the lane is open")
                Log.line("\(misdeed.name): \(misdeed.refusal.map { "\($0)" } ?? "closed"), the transfer goes on")
            }
            // Nor does one of a node that is not the pair's, though it knows the code.
            let stranger = try HostilePeer.credentials(.init(), code: peer.code)
            let lane = try await LaneTalk.dial(peer.port, stranger)
            try? await lane.say(.hello(agreed.lane(3), nonce: .drawn()))
            #expect(await lane.heard.isClosed())

            try await peer.transfer(Goods.of("a"))
            #expect(await victim.exit() == 0, "\(victim.errors)")
        }
    }

    /// Each ends its link, for a reason that the user is told; the next link of the same peer is taken.
    @Test func linksThatBreakTheRules() async throws {
        try await onStage { stage in
            let (victim, first) = try await stage.begin()
            var peer = first
            let memory = MemoryWatch(victim)
            for (index, misdeed) in ControlMisdeeds.breaks.enumerated() {
                try await peer.introduce()
                try await misdeed.act(peer)
                let reason = await victim.event("lost", count: index + 1)?.text("reason") ?? "nothing"
                #expect(reason.contains(misdeed.words), "\(misdeed.name): \(reason)")
                #expect(await peer.control.heard.isClosed(), "\(misdeed.name): the link is open")
                Log.line("\(misdeed.name): \(reason)")
                peer = try await peer.meetAgain()
            }
            try await peer.open()
            try await peer.transfer(Goods.of("a"))
            #expect(await victim.exit() == 0, "\(victim.errors)")
            #expect(memory.peak < memoryLimit)
        }
    }
}

enum Setting {
    static var entries: Int {
        ProcessInfo.processInfo.environment["PMESH_HOSTILE_ENTRIES"].flatMap { Int($0) } ?? 100_000
    }
}

extension Stage {
    /// A receiver that listens, and a peer that has met it.
    func begin() async throws -> (Child, HostilePeer) {
        let code = VictimSide.receiver.code(self)
        let port = try freePort()
        folder("OUT")
        let victim = try VictimSide.receiver.start(self, code, port, [])
        try expected(await victim.event("listening"), "a listener")
        return (victim, try await HostilePeer.meet(self, code: code, port: port))
    }
}
