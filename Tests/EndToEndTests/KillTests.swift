import Glibc
import Testing

/// Either side dies at any moment; the same two lines, run again, go on where it stopped.
@Suite struct KillTests {
    enum Victim: CaseIterable {
        case receiver, sender, both
    }

    private static let size = 12_000_000

    /// The road holds the sender's words half-way, so that the kill surely comes in the middle.
    @Test(arguments: Victim.allCases) func sameLinesResume(_ victim: Victim) async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            let half = try await stage.startHalf()
            let (sender, receiver) = (half.sender, half.receiver)
            if victim != .sender { receiver.signal(SIGKILL) }
            if victim != .receiver { sender.signal(SIGKILL) }
            // The survivor is stopped as a person would stop it.
            if victim == .sender { receiver.signal(SIGINT) }
            if victim == .receiver { sender.signal(SIGINT) }
            let codes = (await sender.exit(), await receiver.exit())
            #expect(codes == (victim == .receiver ? 130 : 137, victim == .sender ? 130 : 137))
            #expect(!stage.names("OUT/tree").contains("large"), "a torn file has its final name")

            let again = (try stage.send(), try stage.receive())
            try await stage.bothSucceed(again.0, again.1)
            try await stage.expectResumed(again.0, again.1)
            stage.expectSame()
            #expect(stage.parts(below: "OUT").isEmpty)
        }
    }

    @Test func receiverComesBackToASenderThatStayed() async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            let half = try await stage.startHalf()
            let (sender, receiver) = (half.sender, half.receiver)
            await receiver.kill()
            #expect(await sender.event("lost") != nil)
            let again = try stage.receive()
            try await stage.bothSucceed(sender, again)
            #expect(try #require(await again.event("done")).number("chunksResumed") > 0)
            stage.expectSame()
        }
    }

    @Test func senderComesBackToAReceiverThatStayed() async throws {
        try await onStage { stage in
            stage.makeTree(size: 60_000_000)
            let (sender, receiver) = (try stage.send("tree", "--compress", "never"), try stage.receive())
            #expect(await receiver.event("progress") { $0.number("bytes") > 0 } != nil)
            await sender.kill()
            #expect(await receiver.event("lost") != nil)
            try await stage.bothSucceed(try stage.send(), receiver)
            stage.expectSame()
        }
    }

    /// What a broken network does: everything at once, while both live.
    @Test func brokenConnectionsAreMadeAgain() async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            let half = try await stage.startHalf()
            let (sender, receiver, road) = (half.sender, half.receiver, half.road)
            road.release()
            road.cut()
            try await stage.bothSucceed(sender, receiver)
            stage.expectSame()
        }
    }

    @Test func resumeGoesOnOnBothSides() async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            let half = try await stage.startHalf()
            let (sender, receiver) = (half.sender, half.receiver)
            sender.signal(SIGKILL)
            await receiver.kill()
            await sender.exit()
            // No code: it is in both journals.
            let resent = try stage.pmesh(
                "resume", "--home", stage("A"), "--listen", "127.0.0.1:\(stage.port)", "--json", code: "")
            let id = try #require(receiver.events.first { $0.name == "offer" }?.text("transfer"))
            let again = try stage.pmesh(
                "resume", String(id.prefix(8)), "--home", stage("B"), "--peer", "127.0.0.1:\(stage.port)", "--json",
                code: "")
            try await stage.bothSucceed(resent, again)
            try await stage.expectResumed(resent, again)
            stage.expectSame()
        }
    }

    /// The receiver has everything and has said so; its sender died before it could write that down.
    @Test func onlyTheReceiptIsMissing() async throws {
        try await onStage { stage in
            stage.makeTree(size: 1_000_000)
            let (sender, receiver) = (try stage.send(), try stage.receive())
            #expect(await receiver.event("file", count: 27) != nil)
            await sender.kill()
            receiver.signal(SIGINT)
            await receiver.exit()
            let again = (try stage.send(), try stage.receive())
            try await stage.bothSucceed(again.0, again.1)
            stage.expectSame()
            #expect(stage.names("OUT") == ["tree"])
        }
    }

    /// The sender's journal is older than what the receiver got: its power failed.
    @Test func senderForgotWhatItSent() async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            let half = try await stage.startHalf()
            let (sender, receiver, road) = (half.sender, half.receiver, half.road)
            sender.signal(SIGSTOP)
            #expect(system("cp", "-a", stage("A"), stage("A.old")))
            sender.signal(SIGCONT)
            road.release()
            try await stage.bothSucceed(sender, receiver)
            #expect(system("rm", "-rf", stage("A")) && system("mv", stage("A.old"), stage("A")))

            let again = (try stage.send(), try stage.receive())
            try await stage.bothSucceed(again.0, again.1)
            let roots = (await sender.event("done")?.text("root"), await again.0.event("done")?.text("root"))
            #expect(roots.0 != nil && roots.0 == roots.1)
            stage.expectSame()
            #expect(stage.names("OUT") == ["tree"])
        }
    }

    /// A short form of `Scripts/kills.sh`: no road, moments drawn anew at each run.
    @Test(arguments: Victim.allCases) func randomMoments(_ victim: Victim) async throws {
        try await onStage { stage in
            let size = 40_000_000
            stage.makeTree(size: size, small: 100)
            for _ in 0..<2 {
                let moment = Int.random(in: 0..<size)
                let (sender, receiver) = (try stage.send(), try stage.receive())
                let observed = victim == .sender ? sender : receiver
                // Nil where all was done before: then the kill came too late, and changes nothing.
                _ = await observed.event("progress") { $0.number("bytes") > moment }
                if victim != .sender { receiver.signal(SIGKILL) }
                if victim != .receiver { sender.signal(SIGKILL) }
                if victim == .sender { receiver.signal(SIGTERM) }
                if victim == .receiver { sender.signal(SIGTERM) }
                await sender.exit()
                await receiver.exit()
            }
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            stage.expectSame()
            #expect(stage.names("OUT") == ["tree"] && stage.parts(below: "OUT").isEmpty)
        }
    }

    @Test func interruptionSaysHowToGoOn() async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            let half = try await stage.startHalf()
            let (sender, receiver) = (half.sender, half.receiver)
            receiver.signal(SIGINT)
            #expect(await receiver.exit() == 130)
            let error = try #require(receiver.events.last { $0.name == "error" })
            #expect(error.number("code") == 130)
            let line = try #require(error.text("resume"))
            #expect(line.hasPrefix("pmesh resume ") && line.hasSuffix(" --home \(stage("B"))"))
            #expect(receiver.errors.contains("go on with: \(line)"))
            let words = line.split(separator: " ").dropFirst().map(String.init)
            let again = try stage.start([Program.path] + words + ["--peer", "127.0.0.1:\(stage.port)", "--json"])
            try await stage.bothSucceed(sender, again)
            stage.expectSame()
        }
    }
}

/// A transfer that stands still half-way: the road holds what the sender says.
struct HeldTransfer {
    let sender: Child
    let receiver: Child
    let road: Road
}

extension Stage {
    /// Both sides with about half of the tree moved, part of it committed, and held there.
    func startHalf(out: String = "OUT") async throws -> HeldTransfer {
        let road = try road(after: 6_000_000)
        let sender = try send("tree", "--compress", "never")
        try #require(await sender.event("listening") != nil, "\(sender.errors)")
        let receiver = try receive(out: out, port: road.port)
        try await expectCommitted(receiver)
        return HeldTransfer(sender: sender, receiver: receiver, road: road)
    }

    /// Waits until some of what a receiver tells of is in its journal, which follows within 100 ms; it tells ten times a
    /// second, so the fourth time is late enough.
    func expectCommitted(_ receiver: Child) async throws {
        let held = await receiver.event("progress", count: 4) { $0.number("bytes") > 0 }
        try #require(held != nil, "\(receiver.command)\n\(receiver.errors)")
    }

    func expectResumed(_ sender: Child, _ receiver: Child) async throws {
        for child in [sender, receiver] {
            let done = try #require(await child.event("done"))
            #expect(done.number("chunksResumed") > 0 && done.number("chunksResumed") < done.number("chunks"), "\(done)")
        }
    }
}
