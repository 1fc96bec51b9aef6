import Glibc
import Testing

/// What the options change.
@Suite struct OptionTests {
    @Test func patternsLeaveFilesOut() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            stage.file("tree/.pmeshignore", Array("closed/\n".utf8))
            let sender = try stage.send("tree", "--exclude", "*.sh", "--exclude", "/deep/1*")
            try await stage.bothSucceed(sender, try stage.receive())
            #expect(stage.names("OUT/tree/deep/er").isEmpty)
            #expect(!stage.names("OUT/tree").contains("closed"))
            #expect(stage.names("OUT/tree/deep").contains("2") && stage.names("OUT/tree").contains("large"))
        }
    }

    @Test func aRuleThatCannotBeObeyedEndsAllBeforeAnythingIsOffered() async throws {
        try await onStage { stage in
            stage.folder("tree/late")
            stage.file("tree/first", Array("text".utf8))
            stage.file("tree/late/secret", Array("text".utf8))
            symlink("nowhere", stage("tree/late/.pmeshignore"))
            let (sender, receiver) = (try stage.send(), try stage.receive("--wait", "5"))
            let preview = try stage.pmesh("send", stage("tree"), "-n", "--home", stage("A"), code: "")
            let syntax = try stage.send("tree", "--exclude", "[a")
            for child in [sender, preview, syntax] {
                #expect(await child.exit() == 7, "\(child.errors)")
                #expect(child.errors.contains("cannot be obeyed"), "\(child.errors)")
            }
            #expect(await receiver.exit() == 4, "\(receiver.errors)")
            #expect(receiver.events.allSatisfy { $0.name != "offer" })
        }
    }

    @Test func dryRunSendsNothing() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            let child = try stage.pmesh(
                "send", stage("tree"), "-n", "--exclude", "*.sh", "--home", stage("A"), "--json", code: "")
            #expect(await child.exit() == 0, "\(child.errors)")
            let entries = child.events.filter { $0.name == "entry" }
            // 26 files, two links, an empty folder, and one of which nothing is left.
            #expect(entries.count == 30)
            #expect(entries.contains { $0.text("path") == "tree/link" && $0.text("target") == "deep/er/run.sh" })
            #expect(entries.contains { $0.text("path") == "tree/empty" && $0.text("kind") == "folder" })
            #expect(entries.contains { $0.text("path") == "tree/large" && $0.number("size") == 10_000 })
            #expect(try await stage.history("A").isEmpty)
        }
    }

    @Test func dryRunNamesWhatStaysHere() async throws {
        try await onStage { stage in
            stage.folder("tree")
            stage.file("tree/.pmesh-0123456789abcdef-1.part", [1])
            stage.file("tree/a", [1])
            mkfifo(stage("tree/fifo"), 0o600)
            link(stage("tree/a"), stage("tree/b"))
            let first = try stage.pmesh("send", stage("tree"), "-n", "--home", stage("tree/home"), "--json", code: "")
            #expect(await first.exit() == 0, "\(first.errors)")
            let files = first.events.filter { $0.name == "entry" }.compactMap { $0.text("path") }
            #expect(files == ["tree/a", "tree/b", "tree/home"])
            let warnings = first.events.filter { $0.name == "warning" }.compactMap { $0.text("message") }
            for word in [".part has the name", "fifo is a socket", "--include-keys", "hard links"] {
                #expect(warnings.count { $0.contains(word) } == 1, "\(warnings)")
            }
            let all = try stage.pmesh(
                "send", stage("tree"), "-n", "--home", stage("tree/home"), "--json", "--include-keys", code: "")
            #expect(await all.exit() == 0, "\(all.errors)")
            #expect(all.events.contains { $0.text("path") == "tree/home/node.key" })
        }
    }

    @Test func keysStayHereAlsoThroughALinkFromAbove() async throws {
        try await onStage { stage in
            stage.folder("A")
            stage.file("A/mine", Array("text".utf8))
            symlink("A", stage("through"))
            let (sender, receiver) = (try stage.send("through"), try stage.receive())
            #expect(await sender.exit() == 0, "\(sender.errors)")
            #expect(await receiver.exit() == 0, "\(receiver.errors)")
            #expect(stage.names("OUT/through") == ["mine"])
        }
    }

    @Test func thousandsOfPathsUnderFewDescriptors() async throws {
        try await onStage { stage in
            stage.folder("many")
            for number in 0..<3_000 { stage.file("many/\(number)", Array("\(number)".utf8)) }
            let names = (0..<3_000).map { stage("many/\($0)") }
            stage.file("list", Array(names.dropFirst(1_500).joined(separator: "\n").utf8))
            let line = [
                "--home", stage("A"), "--listen", "127.0.0.1:\(stage.port)", "--json", "--files-from", stage("list"),
            ]
            let sender = try stage.start(
                ["/bin/sh", "-c", "ulimit -n 512; exec \"$@\"", "sh", Program.path, "send"] + names.prefix(1_500)
                    + line,
                environment: ["PMESH_CODE": stage.code])
            try await stage.bothSucceed(sender, try stage.receive())
            #expect(stage.names("OUT").count == 3_000)
            #expect(stage.contents("OUT/2999") == Array("2999".utf8))
        }
    }

    @Test(arguments: ["always", "9", "never"]) func textShrinks(_ mode: String) async throws {
        try await onStage { stage in
            let text = (0..<40_000).map { "line \($0) of a long and boring text\n" }.joined()
            stage.file("text", Array(text.utf8))
            let (sender, receiver) = (try stage.send("text", "--compress", mode), try stage.receive())
            try await stage.bothSucceed(sender, receiver)
            stage.expectSame("OUT/text", as: "text")
            for child in [sender, receiver] {
                let done = try #require(await child.event("done"))
                let (wire, bytes) = (done.number("wireBytes"), done.number("bytes"))
                #expect(mode == "never" ? wire > bytes : wire < bytes / 2 && wire > 0, "\(wire) of \(bytes)")
            }
        }
    }

    @Test func severalPathsAtOnce() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            stage.makeTree("more", size: 10_000)
            stage.file("report.txt", Array("text".utf8))
            let sender = try stage.send("tree", stage("report.txt"), stage("more"))
            try await stage.bothSucceed(sender, try stage.receive())
            stage.expectSame()
            stage.expectSame("OUT/more", as: "more")
            stage.expectSame("OUT/report.txt", as: "report.txt")
            #expect(stage.names("OUT") == ["more", "report.txt", "tree"])
        }
    }

    @Test(arguments: [0, 1, 262_144, 5_000_001]) func singleFile(_ size: Int) async throws {
        try await onStage { stage in
            stage.file("one", Noise.bytes(size), mode: 0o640)
            try await stage.bothSucceed(try stage.send("one"), try stage.receive())
            stage.expectSame("OUT/one", as: "one")
            #expect(stage.names("OUT") == ["one"])
        }
    }

    @Test func emptyFolder() async throws {
        try await onStage { stage in
            stage.folder("tree")
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            stage.expectSame()
        }
    }

    @Test func manySmallFiles() async throws {
        try await onStage { stage in
            stage.makeTree(size: 1, small: 3_000)
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            stage.expectSame()
        }
    }

    @Test func everythingIsSynced() async throws {
        try await onStage { stage in
            stage.makeTree(size: 1_000_000)
            let (sender, receiver) = (try stage.send(), try stage.receive("--fsync"))
            try await stage.bothSucceed(sender, receiver)
            #expect(try #require(await sender.event("done")).truth("durable") == true)
            stage.expectSame()
        }
    }

    @Test func quietSaysNothing() async throws {
        try await onStage { stage in
            stage.file("report.txt", Array("text".utf8))
            let sender = try stage.pmesh(
                "send", stage("report.txt"), "--home", stage("A"), "--listen", "127.0.0.1:\(stage.port)", "--quiet")
            let receiver = try stage.pmesh(
                "receive", "--home", stage("B"), "--out", stage("OUT"), "--yes", "--peer", "127.0.0.1:\(stage.port)",
                "--quiet")
            try await stage.bothSucceed(sender, receiver)
            #expect(
                (sender.output + sender.errors + receiver.output + receiver.errors).isEmpty,
                "\(sender.errors)\(receiver.errors)")
        }
    }
}

extension Stage {
    fileprivate func history(_ home: String) async throws -> [Event] {
        let child = try start([Program.path, "history", "--home", self(home), "--json"])
        #expect(await child.exit() == 0, "\(child.errors)")
        return child.events.filter { $0.name == "transfer" }
    }
}
