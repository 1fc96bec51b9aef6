import Glibc
import Testing

/// Commands that cannot do what they are asked to: a sentence and an exit code.
@Suite struct CommandTests {
    struct Misuse: Sendable, CustomTestStringConvertible {
        var words: [String]
        var code = ""
        var exit: Int32 = 2
        var sentence: String
        var testDescription: String { words.joined(separator: " ") }
    }

    static let misuses = [
        Misuse(words: ["send"], sentence: "paths"),
        Misuse(words: ["send", "/nowhere/at/all"], exit: 7, sentence: "/nowhere/at/all"),
        Misuse(words: ["send", "/tmp", "--compress", "11"], sentence: "--compress"),
        Misuse(words: ["send", "/tmp", "--listen", "here"], sentence: "--listen"),
        Misuse(words: ["send", "/tmp", "--name", "Ada of the lake"], sentence: "choose one of a to z"),
        Misuse(words: ["send", "/tmp"], code: "short", sentence: "code"),
        Misuse(words: ["receive", "--yes"], code: "u0u0-u0u0-u0u0", sentence: "code"),
        Misuse(words: ["receive", "--on-conflict", "ask"], code: "0000-0000-0001", sentence: "needs a terminal"),
        Misuse(words: ["resume"], sentence: "nothing to resume"),
        Misuse(words: ["resume", "abc"], sentence: "no transfer begins with abc"),
        Misuse(words: ["verify", "nothing"], sentence: "nothing"),
        Misuse(words: ["fly"], sentence: "fly"),
    ]

    @Test(arguments: misuses) func misuseIsExplained(_ misuse: Misuse) async throws {
        try await onStage { stage in
            var words = misuse.words
            if !["fly"].contains(words[0]) { words += ["--home", stage("A")] }
            let environment = misuse.code.isEmpty ? [:] : ["PMESH_CODE": misuse.code]
            let child = try stage.start([Program.path] + words, environment: environment)
            #expect(await child.exit() == misuse.exit, "\(child.errors)")
            #expect(child.errors.contains(misuse.sentence), "\(child.errors)")
            #expect(child.output.isEmpty)
        }
    }

    @Test func nobodyComes() async throws {
        try await onStage { stage in
            stage.file("report.txt", Array("text".utf8))
            let sender = try stage.send("report.txt", "--wait", "0.3")
            let receiver = try stage.receive("--wait", "0.3", port: try stage.freePort())
            let seeker = try stage.pmesh(
                "receive", "--home", stage("C"), "--out", stage("OUT"), "--wait", "0.3", "--json",
                code: "0000-0000-0003")
            try await sender.expectEnd(4, saying: "nobody came in time")
            try await receiver.expectEnd(4, saying: "nothing listens at 127.0.0.1")
            try await seeker.expectEnd(4, saying: "nobody was found")
        }
    }

    /// Without a terminal and without --yes nothing is accepted.
    @Test func nobodyToAsk() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            let sender = try stage.send()
            let receiver = try stage.pmesh(
                "receive", "--home", stage("B"), "--out", stage("OUT"), "--peer", "127.0.0.1:\(stage.port)", "--json")
            try await receiver.expectEnd(3, saying: "run the same command with --yes")
            try await sender.expectEnd(3, saying: "the other side declined")
            #expect(stage.names("OUT").isEmpty)
            // A refusal is no end: the same lines may be asked again.
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            stage.expectSame()
        }
    }

    @Test func secondSenderOfTheSameTransfer() async throws {
        try await onStage { stage in
            stage.makeTree(size: 100_000)
            let sender = try stage.send()
            #expect(await sender.event("listening") != nil)
            try await stage.send(port: try stage.freePort()).expectEnd(
                8, saying: "process \(sender.pid) works on transfer")
            try await stage.bothSucceed(sender, try stage.receive())
            stage.expectSame()
        }
    }

    @Test func secondReceiverOfTheSameTransfer() async throws {
        try await onStage { stage in
            stage.makeTree(size: 12_000_000)
            let half = try await stage.startHalf()
            let (sender, receiver, road) = (half.sender, half.receiver, half.road)
            try await stage.receive("--wait", "3").expectEnd(8, saying: "process \(receiver.pid) uses this code")
            road.release()
            try await stage.bothSucceed(sender, receiver)
            stage.expectSame()
        }
    }

    /// Commands of other transfers share a home without knowing of one another.
    @Test func oneHomeSharedByTwoTransfers() async throws {
        try await onStage { stage in
            stage.makeTree(size: 1_000_000)
            stage.makeTree("other", size: 1_000_000)
            let (one, other) = ("0000-0000-0004", "0000-0000-0005")
            let port = try stage.freePort()
            let first = (try stage.send(code: one), try stage.receive(code: one))
            let second = (try stage.send("other", port: port, code: other), try stage.receive(port: port, code: other))
            try await stage.bothSucceed(first.0, first.1)
            try await stage.bothSucceed(second.0, second.1)
            stage.expectSame()
            stage.expectSame("OUT/other", as: "other")
        }
    }

    @Test func newerJournal() async throws {
        try await onStage { stage in
            stage.file("report.txt", Array("text".utf8))
            #expect(await (try stage.pmesh("history", "--home", stage("A"))).exit() == 0)
            try stage.edit(
                journalOf: "A", "INSERT INTO migration VALUES (99, '0099_future', 0); PRAGMA user_version = 99")
            try await stage.send("report.txt").expectEnd(1, saying: "was written by a newer pmesh")
            try await stage.pmesh("history", "--home", stage("A")).expectEnd(1, saying: "update pmesh")
        }
    }

    @Test func corruptJournal() async throws {
        try await onStage { stage in
            stage.file("report.txt", Array("text".utf8))
            stage.folder("A")
            stage.file("A/journal.sqlite", Noise.bytes(40_000))
            let before = stage.contents("A/journal.sqlite")
            try await stage.send("report.txt").expectEnd(1, saying: "move it away")
            let isUntouched = stage.contents("A/journal.sqlite") == before
            #expect(isUntouched)
        }
    }

    /// Pages in the middle of a real journal are overwritten.
    @Test func damagedJournal() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            let path = stage("A/journal.sqlite")
            try PlainSQL.run("PRAGMA wal_checkpoint(TRUNCATE)", on: path)
            let descriptor = open(path, O_WRONLY)
            let size = Int(lseek(descriptor, 0, Int32(SEEK_END)))
            let noise = Noise.bytes(size - 8_192)
            pwrite(descriptor, noise, noise.count, 8_192)
            close(descriptor)
            try await stage.send().expectEnd(1, saying: "is damaged")
        }
    }

    @Test func keyThatOthersMayRead() async throws {
        try await onStage { stage in
            #expect(await (try stage.pmesh("history", "--home", stage("A"))).exit() == 0)
            chmod(stage("A/node.key"), 0o644)
            try await stage.pmesh("history", "--home", stage("A")).expectEnd(5, saying: "chmod 600")
        }
    }
}
