import Glibc
import Testing

/// What is kept: history, transfers, and whether files still are what came.
@Suite struct RecordTests {
    @Test func bothSidesRemember() async throws {
        try await onStage { stage in
            stage.makeTree(size: 100_000)
            let (sender, receiver) = (try stage.send(), try stage.receive())
            try await stage.bothSucceed(sender, receiver)
            let done = try #require(await receiver.event("done"))
            for (home, direction) in [("A", "send"), ("B", "receive")] {
                let history = try await stage.ask("history", "--home", stage(home), "--json")
                #expect(history.events.map(\.name) == ["transfer", "totals"])
                let transfer = try #require(history.events.first)
                #expect(transfer.text("direction") == direction && transfer.text("state") == "done")
                #expect(
                    transfer.text("transfer") == done.text("transfer") && transfer.text("root") == done.text("root"))
                #expect(transfer.number("bytes") == done.number("bytes") && transfer.truth("receiptValid") == true)
                #expect(transfer.number("chunksDone") == transfer.number("chunks"))
                #expect(try await stage.ask("history", "--home", stage(home)).output.contains("1 transfer, 1 done"))
                let csv = try await stage.ask("history", "--home", stage(home), "--csv").output.split(separator: "\n")
                #expect(csv.count == 2 && csv[0].hasPrefix("transfer,direction,state"))
            }
            let view = try PlainSQL.texts(
                "SELECT state || ' ' || receipt_root FROM history_v1", on: stage("B/journal.sqlite"))
            #expect(view == ["done \(done.text("root") ?? "")"])
        }
    }

    @Test func historyIsFiltered() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            func count(_ options: String...) async throws -> Int {
                let child = try stage.start([Program.path, "history", "--home", stage("B"), "--json"] + options)
                #expect(await child.exit() == 0, "\(child.errors)")
                return child.events.count { $0.name == "transfer" }
            }
            #expect(try await count("--direction", "receive") == 1)
            #expect(try await count("--direction", "send") == 0)
            #expect(try await count("--state", "done") == 1)
            #expect(try await count("--state", "running") == 0)
            #expect(try await count("--since", "1h") == 1)
            #expect(try await count("--until", "1h") == 0)
            #expect(try await count("--name", "nothing-like-it") == 0)
        }
    }

    @Test func historySaysWhatItLeavesOut() async throws {
        try await onStage { stage in
            for name in ["one", "two", "three"] {
                stage.file(name, Array(name.utf8))
                let code = try await stage.drawCode()
                try await stage.bothSucceed(try stage.send(name, code: code), try stage.receive(code: code))
            }
            let history = try await stage.ask("history", "--limit", "2", "--home", stage("A"))
            #expect(history.output.contains("the latest 2 of 3 transfers (--limit shows more), 2 done"))
            let events = try await stage.ask("history", "--limit", "2", "--home", stage("B"), "--json").events
            #expect(events.map(\.name) == ["transfer", "transfer", "totals"])
            #expect(events.last?.number("transfers") == 2 && events.last?.number("matching") == 3)
        }
    }

    @Test func transfersAreShownAndForgotten() async throws {
        try await onStage { stage in
            stage.makeTree(size: 12_000_000)
            let half = try await stage.startHalf()
            let (sender, receiver) = (half.sender, half.receiver)
            await sender.kill()
            await receiver.kill()
            let list = try await stage.ask("transfers", "list", "--home", stage("B"), "--json")
            let transfer = try #require(list.events.first { $0.name == "transfer" })
            let id = try #require(transfer.text("transfer"))
            #expect(transfer.text("state") == "interrupted" && transfer.number("bytesDone") > 0)
            #expect(transfer.number("bytesDone") < transfer.number("bytes"))
            #expect(try await stage.ask("transfers", "show", id, "--home", stage("B")).output.contains(id))

            _ = try await stage.ask("transfers", "cancel", id, "--home", stage("B"))
            let resume = try stage.pmesh("resume", id, "--home", stage("B"), "--peer", "127.0.0.1:\(stage.port)")
            try await resume.expectEnd(2, saying: "was cancelled")
            _ = try await stage.ask("transfers", "retry", id, "--home", stage("B"))
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            stage.expectSame()
            _ = try await stage.ask("transfers", "forget", id, "--home", stage("B"))
            #expect(try await stage.ask("history", "--home", stage("B"), "--json").events.map(\.name) == ["totals"])
            stage.expectSame()
        }
    }

    @Test func cancelledTransferIsRefused() async throws {
        try await onStage { stage in
            stage.makeTree(size: 12_000_000)
            let half = try await stage.startHalf()
            let (sender, receiver) = (half.sender, half.receiver)
            await receiver.kill()
            await sender.kill()
            let id = try #require(receiver.events.first { $0.name == "offer" }?.text("transfer"))
            _ = try await stage.ask("transfers", "cancel", id, "--home", stage("B"))
            try await stage.receive().expectEnd(2, saying: "was cancelled here or forgotten")
            let other = try stage.send()
            _ = await other.event("listening")
            #expect(other.isRunning)
        }
    }

    @Test func verifyFindsAFlippedByte() async throws {
        try await onStage { stage in
            stage.makeTree(size: 3_000_000)
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            let id = try #require(
                try await stage.ask("history", "--home", stage("B"), "--json").events.first?.text("transfer"))
            for home in ["A", "B"] {
                let verified = try await stage.ask("verify", id, "--home", stage(home), "--json")
                #expect(verified.events.last?.number("intact") == 27 && verified.events.last?.number("damaged") == 0)
            }

            stage.flip("OUT/tree/large", at: 2_000_000)
            unlink(stage("OUT/tree/deep/3"))
            let damaged = try stage.pmesh("verify", id, "--home", stage("B"), "--json")
            #expect(await damaged.exit() == 6)
            let tally = try #require(damaged.events.first { $0.name == "verified" })
            #expect(tally.number("damaged") == 1 && tally.number("missing") == 1 && tally.number("intact") == 25)
            let large = try #require(damaged.events.first { $0.text("path")?.hasSuffix("tree/large") == true })
            #expect(large.text("verdict") == "damaged")
            // Within the chunk that the byte is in.
            #expect((1_750_000...2_000_000).contains(large.number("offset")))

            let one = try stage.pmesh("verify", stage("OUT/tree/large"), "--home", stage("B"))
            #expect(await one.exit() == 6 && one.output.contains("damaged in bytes "))
            #expect(await (try stage.pmesh("verify", stage("OUT/tree/deep/4"), "--home", stage("B"))).exit() == 0)
        }
    }

    @Test func aPathIsVerifiedByWhatCameThereLast() async throws {
        try await onStage { stage in
            stage.makeTree(size: 100_000)
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            stage.file("tree/large", Array("another version".utf8))
            let code = try await stage.drawCode()
            try await stage.bothSucceed(
                try stage.send(code: code), try stage.receive("--on-conflict", "overwrite", code: code))
            // The first transfer's digests of these files are not those of today.
            for (home, path) in [
                ("B", "OUT/tree"), ("B", "OUT"), ("B", "OUT/tree/large"), ("A", "tree"), ("A", "tree/large"),
            ] {
                let verified = try await stage.ask("verify", stage(path), "--home", stage(home), "--json")
                let expected = path.hasSuffix("large") ? 1 : 27
                #expect(verified.events.last?.number("intact") == expected, "\(home) \(path): \(verified.output)")
            }
            stage.flip("tree/large", at: 3)
            let changed = try stage.pmesh("verify", stage("tree"), "--home", stage("A"), "--json")
            #expect(await changed.exit() == 6)
            let tally = changed.events.first { $0.name == "verified" }
            #expect(tally?.number("damaged") == 1 && tally?.number("intact") == 26)
        }
    }

    /// What a receiver leaves out it has no word on; what was received and went on since is as it went.
    @Test func filesThatDidNotGoAreNotJudged() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            let code = try await stage.drawCode()
            stage.file("tree/new", Array("new".utf8))
            let (sender, receiver) = (
                try stage.send(code: code), try stage.receive("--on-conflict", "skip", code: code)
            )
            let codes = (await sender.exit(), await receiver.exit())
            #expect(codes == (0, 0))
            let verified = try await stage.ask("verify", stage("tree"), "--home", stage("A"), "--json")
            #expect(verified.events.last?.number("intact") == 28, "\(verified.output)")
            let latest = try await stage.ask("history", "--limit", "1", "--home", stage("A"), "--json")
            let id = try #require(latest.events.first?.text("transfer"))
            let one = try await stage.ask("verify", id, "--home", stage("A"), "--json")
            // The new one, and an empty one, of which nothing had to go.
            #expect(one.events.last?.number("intact") == 2, "\(one.output)")

            stage.file("OUT/tree/large", Array("edited after it came".utf8))
            let damaged = try stage.pmesh("verify", stage("OUT/tree/large"), "--home", stage("B"))
            #expect(await damaged.exit() == 6)
            let next = try await stage.drawCode()
            try await stage.bothSucceed(
                try stage.send("OUT/tree/large", home: "B", code: next),
                try stage.receive(home: "A", out: "BACK", code: next))
            for path in ["OUT/tree/large", "OUT/tree/../tree/large"] {
                _ = try await stage.ask("verify", stage(path), "--home", stage("B"))
            }
        }
    }

    /// A file that never went anywhere is not taken for a transfer whose name begins like it.
    @Test func aStrangersFileIsNoTransfer() async throws {
        try await onStage { stage in
            stage.file("one", Array("one".utf8))
            try await stage.bothSucceed(try stage.send("one"), try stage.receive())
            let history = try await stage.ask("history", "--home", stage("A"), "--json")
            let id = try #require(history.events.first?.text("transfer"))
            let beginning = String(id.prefix(5))
            _ = try await stage.ask("verify", beginning, "--home", stage("A"))
            // Within the folder that the command runs in.
            stage.file(beginning, Array("something else".utf8))
            let child = try stage.start(
                ["/usr/bin/env", "-C", stage.folder, Program.path, "verify", beginning, "--home", stage("A")])
            try await child.expectEnd(2, saying: "neither a transfer nor a file")
        }
    }

    @Test func whatIsNotThereIsNamed() async throws {
        try await onStage { stage in
            stage.file("one", Array("one".utf8))
            try await stage.bothSucceed(try stage.send("one"), try stage.receive())
            // Neither a folder nor a link to the same bytes is the file that came; a reason stands beside it.
            #expect(rename(stage("OUT/one"), stage("OUT/elsewhere")) == 0)
            for make in [{ mkdir(stage("OUT/one"), 0o755) }, { symlink("elsewhere", stage("OUT/one")) }] {
                #expect(make() == 0)
                let gone = try stage.pmesh("verify", stage("OUT/one"), "--home", stage("B"))
                #expect(await gone.exit() == 6 && gone.output.contains("OUT/one: missing"))
                #expect(remove(stage("OUT/one")) == 0)
            }
            try await stage.pmesh("verify", "", "--home", stage("B")).expectEnd(
                2, saying: "is invalid")
            try await stage.pmesh("resume", "", "--home", stage("B")).expectEnd(2, saying: "is empty")
        }
    }
}

extension Stage {
    fileprivate func drawCode() async throws -> String {
        String(try await ask("code").output.prefix { !$0.isNewline })
    }

    fileprivate func flip(_ name: String, at offset: off_t) {
        let descriptor = open(self(name), O_RDWR)
        var byte: UInt8 = 0
        pread(descriptor, &byte, 1, offset)
        byte ^= 1
        pwrite(descriptor, &byte, 1, offset)
        close(descriptor)
    }
}
