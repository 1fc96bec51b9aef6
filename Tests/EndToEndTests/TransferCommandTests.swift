import Foundation
import Glibc
import Testing

/// The commands over transfers that are not over: their states are true, and what they take away is gone.
@Suite struct TransferCommandTests {
    @Test(arguments: ["cancel", "forget"])
    func hiddenPartsGoWithTheirTransfer(_ command: String) async throws {
        try await onStage { stage in
            stage.makeTree(size: 12_000_000)
            let half = try await stage.startHalf()
            await half.sender.kill()
            await half.receiver.kill()
            #expect(stage.parts() > 0)
            let id = try #require(half.receiver.events.first { $0.name == "offer" }?.text("transfer"))
            let child = try stage.start([Program.path, "transfers", command, id, "--home", stage("B")])
            #expect(await child.exit() == 0, "\(child.errors)")
            #expect(child.errors.contains("\(id.prefix(16)) (receive tree)"), "\(child.errors)")
            #expect(stage.parts() == 0)
        }
    }

    @Test func tidyRemovesWhatNobodyNeeds() async throws {
        try await onStage { stage in
            stage.makeTree(size: 12_000_000)
            let half = try await stage.startHalf()
            let id = try #require(half.receiver.events.first { $0.name == "offer" }?.text("transfer"))
            let running = try await stage.tidy("--all", "--yes", stage("OUT"), home: "C")
            #expect(running.allSatisfy { $0 == "running false" } && !running.isEmpty, "\(running)")
            await half.sender.kill()
            await half.receiver.kill()
            #expect(Set(try await stage.tidy(home: "B")) == ["unfinished false"])
            #expect(Set(try await stage.tidy(stage("OUT"), home: "C")) == ["unknown false"])
            try await stage.pmesh("transfers", "tidy", "--all", stage("OUT"), "--home", stage("C")).expectEnd(
                2, saying: "add --yes")
            // Moved away while its transfer is forgotten, and back: a stick that was taken out.
            #expect(rename(stage("OUT"), stage("AWAY")) == 0)
            let forget = try stage.start([Program.path, "transfers", "forget", id, "--home", stage("B")])
            #expect(await forget.exit() == 0, "\(forget.errors)")
            #expect(rename(stage("AWAY"), stage("OUT")) == 0)
            #expect(stage.parts() > 0)
            #expect(Set(try await stage.tidy(home: "B")) == ["over true"])
            #expect(stage.parts() == 0)
            stage.file("OUT/.pmesh-0000000000000000-1.part", [1])
            #expect(try await stage.tidy("--all", "--yes", stage("OUT"), home: "C") == ["unknown true"])
            #expect(stage.parts() == 0)
        }
    }

    @Test func aShortNameForgetsNothing() async throws {
        try await onStage { stage in
            stage.file("one", Array("one".utf8))
            try await stage.bothSucceed(try stage.send("one"), try stage.receive())
            let id = try #require(try await stage.transfers("A").first?.text("transfer"))
            for command in ["forget", "cancel"] {
                let short = try stage.pmesh("transfers", command, String(id.prefix(3)), "--home", stage("A"))
                try await short.expectEnd(2, saying: "give 4 symbols")
            }
            let both = try stage.pmesh("transfers", "forget", id, "--all", "--home", stage("A"))
            #expect(await both.exit() == 2)
            let young = try stage.pmesh("transfers", "forget", "--older", "30d", "--home", stage("A"))
            #expect(await young.exit() == 0)
            #expect(try await stage.transfers("A").count == 1)
            let all = try stage.pmesh("transfers", "forget", "--all", "--home", stage("A"))
            #expect(await all.exit() == 0)
            #expect(all.errors.contains("forgotten: \(id.prefix(16)) (send one)"))
            #expect(try await stage.transfers("A").isEmpty)
        }
    }

    @Test func statesAreTrue() async throws {
        try await onStage { stage in
            stage.file("one", Array("one".utf8))
            let waiting = try stage.send("one")
            #expect(await waiting.event("waiting") != nil)
            #expect(try await stage.transfers("A").map { $0.text("state") } == ["active"])
            #expect(try await stage.list("A").contains("  running  "))
            await waiting.kill()
            #expect(try await stage.transfers("A").map { $0.text("state") } == ["interrupted"])
            let again = try stage.send("one")
            let refused = try stage.pmesh(
                "receive", "--home", stage("B"), "--out", stage("OUT"), "--peer", "127.0.0.1:\(stage.port)")
            #expect(await refused.exit() == 3)
            #expect(await again.exit() == 3)
            #expect(try await stage.transfers("A").map { $0.text("state") } == ["declined"])
            // Not the latest that was interrupted: it was refused.
            try await stage.pmesh("resume", "--home", stage("A")).expectEnd(2, saying: "nothing to resume")
            let third = try stage.send("one")
            #expect(await third.event("waiting") != nil)
            await third.kill()
            #expect(try await stage.transfers("A").map { $0.text("state") } == ["interrupted"])
        }
    }

    @Test func aResumeTellsACodeThatLives() async throws {
        try await onStage { stage in
            stage.file("one", Array("one".utf8))
            let sender = try stage.pmesh(
                "send", stage("one"), "--home", stage("A"), "--listen", "127.0.0.1:\(stage.port)", "--json", code: "")
            let code = try #require(await sender.event("code")?.text("code"))
            #expect(await sender.event("waiting") != nil)
            await sender.kill()
            let resumed = try stage.pmesh(
                "transfers", "resume", "--home", stage("A"), "--listen", "127.0.0.1:\(stage.port)", "--json", code: "")
            #expect(await resumed.event("code")?.text("code") == code)
            let receiver = try stage.receive(code: code)
            try await stage.bothSucceed(resumed, receiver)
        }
    }

    @Test func whoSendsTheSamePathsAgainIsToldHowToGoOn() async throws {
        try await onStage { stage in
            stage.makeTree(size: 12_000_000)
            let half = try await stage.startHalf()
            let id = try #require(half.receiver.events.first { $0.name == "offer" }?.text("transfer"))
            await half.sender.kill()
            await half.receiver.kill()
            let again = try stage.pmesh(
                "send", stage("tree"), "--home", stage("A"), "--listen", "127.0.0.1:\(stage.port)", "--json", code: "")
            let warning = try #require(await again.event("warning")?.text("message"))
            #expect(warning.contains("tree was being sent to") && warning.contains("`pmesh resume \(id.prefix(16))`"))
            await again.kill()
            let resumed = try stage.pmesh(
                "resume", String(id.prefix(8)), "--home", stage("A"), "--listen", "127.0.0.1:\(stage.port)", code: "")
            #expect(await resumed.says("waiting"))
            let receiver = try stage.receive()
            #expect(await receiver.event("connected") != nil)
            #expect(!resumed.errors.contains("offers"), "it is the receiver that is offered something")
            await receiver.kill()
            await resumed.kill()
        }
    }

    @Test func whatNobodyCameToGoesWithItsCode() async throws {
        try await onStage { stage in
            stage.file("one", Array("one".utf8))
            let sender = try stage.send("one")
            #expect(await sender.event("waiting") != nil)
            await sender.kill()
            try PlainSQL.run("UPDATE code SET expires = 1", on: stage("A/journal.sqlite"))
            #expect(try await stage.transfers("A").map { $0.text("state") } == ["expired"])
            #expect(try await stage.list("A").isEmpty)
            #expect(try await stage.transfers("A").isEmpty)
            #expect(
                try PlainSQL.texts("SELECT state FROM code WHERE text IS NULL", on: stage("A/journal.sqlite")) == [
                    "expired"
                ])
        }
    }

    @Test func aHistorySaysWhatCameAndFromWhom() async throws {
        try await onStage { stage in
            stage.makeTree(size: 1_000)
            let sender = try stage.send("tree", "--name", "ada")
            try await stage.bothSucceed(sender, try stage.receive())
            let transfer = try #require(try await stage.transfers("B").first)
            #expect(transfer.list("names") == ["tree"])
            #expect(transfer.text("folder") == stage("OUT"))
            #expect(transfer.text("peerName") == "ada")
            let sent = try #require(try await stage.transfers("A").first)
            #expect(sent.list("names") == ["tree"] && sent.text("folder") == stage.folder)
            let found = try stage.pmesh("history", "--home", stage("B"), "--peer", "ada")
            #expect(await found.exit() == 0)
            #expect(found.output.contains("  ada  ") && found.output.contains("  tree  "))
        }
    }
}

extension Stage {
    fileprivate func transfers(_ home: String) async throws -> [Event] {
        let child = try start([Program.path, "history", "--home", self(home), "--json"])
        #expect(await child.exit() == 0, "\(child.errors)")
        return child.events.filter { $0.name == "transfer" }
    }

    fileprivate func list(_ home: String) async throws -> String {
        let child = try start([Program.path, "transfers", "--home", self(home)])
        #expect(await child.exit() == 0, "\(child.errors)")
        return child.output
    }

    /// Owner and fate of each part that was found.
    fileprivate func tidy(_ words: String..., home: String) async throws -> [String] {
        let child = try start([Program.path, "transfers", "tidy", "--home", self(home), "--json"] + words)
        #expect(await child.exit() == 0, "\(child.errors)")
        return child.events.map { "\($0.text("owner") ?? "") \($0.truth("removed") == true)" }
    }

    /// Hidden parts below the destination.
    fileprivate func parts() -> Int {
        let names = FileManager.default.enumerator(atPath: self("OUT"))?.allObjects as? [String] ?? []
        return names.count { $0.hasSuffix(".part") }
    }
}
