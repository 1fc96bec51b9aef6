import Glibc
import Testing

/// What is typed wrongly is told in one sentence, and what is meant is named where that can be told.
@Suite struct UsageTests {
    @Test(arguments: [
        ("recieve", "did you mean receive?"), ("sned x", "did you mean send?"),
        ("transfers lits", "did you mean list?"),
        ("mesh jion", "did you mean join?"), ("help recieve", "did you mean receive?"),
        ("help nosuch", "no command 'nosuch'"),
        ("receive --lsiten :1", "did you mean --listen?"), ("send", "see `pmesh"),
        ("mesh join --name 'Carl Smith'", "the name has \"C\" in it"), ("receive --wait soon", "such as 90s or 10m"),
    ])
    func oneSentence(_ line: String, _ words: String) async throws {
        try await onStage { stage in
            let child = try stage.shell("exec \"$0\" \(line)")
            try await child.expectEnd(2, saying: words)
            #expect(child.errors.split(separator: "\n").count == 1, "\(child.errors)")
        }
    }

    @Test(arguments: ["send x --code y", "send x --limit 4", "send x --port 1", "chat", "up"])
    func whatIsFarIsNotSuggested(_ line: String) async throws {
        try await onStage { stage in
            let child = try stage.shell("exec \"$0\" \(line)")
            #expect(await child.exit() == 2)
            #expect(!child.errors.contains("did you mean"), "\(child.errors)")
        }
    }

    @Test func theVersionIsACommandToo() async throws {
        try await onStage { stage in
            let child = try stage.shell("\"$0\" version && \"$0\" --version && \"$0\" help send")
            #expect(await child.exit() == 0)
            let lines = child.output.split(separator: "\n")
            #expect(lines[0] == lines[1] && lines[0].hasPrefix("pmesh "))
        }
    }

    @Test func shortOptionsAsElsewhere() async throws {
        try await onStage { stage in
            stage.makeTree(size: 1_000)
            let sender = try stage.shell(
                "exec \"$0\" send -r tree -x large -v --home A --listen 127.0.0.1:\(stage.port) --qr")
            let receiver = try stage.shell(
                "exec \"$0\" receive -y -o OUT --home B --wait 1m --peer 127.0.0.1:\(stage.port)")
            try await stage.bothSucceed(sender, receiver)
            #expect(access(stage("OUT/tree/large"), F_OK) != 0 && access(stage("OUT/tree"), F_OK) == 0)
            #expect(sender.errors.contains("█") || sender.errors.contains("libqrencode4"), "\(sender.errors)")
        }
    }

    @Test func aForeignAddressAndAMissingMeshAreUsage() async throws {
        try await onStage { stage in
            stage.file("one", Array("one".utf8))
            let foreign = try stage.pmesh(
                "send", stage("one"), "--home", stage("A"), "--listen", "192.0.2.1:7411", "--quiet")
            #expect(await foreign.exit() == 2, "\(foreign.errors)")
            #expect(!foreign.errors.contains("code:"), "no code that opens nothing")
            let alone = try stage.pmesh("send", stage("one"), "--home", stage("A"), "--to", "ben", "--quiet")
            try await alone.expectEnd(2, saying: "in no mesh")
        }
    }

    @Test func whereMembersAreMadeAnUnknownNameIsRefusedAtOnce() async throws {
        try await onStage { stage in
            stage.file("one", Array("one".utf8))
            let create = try stage.start(
                [
                    Program.path, "mesh", "create", "w", "--name", "ben", "--home", stage("A"), "--recovery",
                    stage("w.r"),
                ],
                environment: ["PMESH_PASSPHRASE": "five words are quite enough"])
            #expect(await create.exit() == 0, "\(create.errors)")
            let slip = try stage.pmesh("send", stage("one"), "--home", stage("A"), "--to", "bne", "--wait", "1h")
            try await slip.expectEnd(2, saying: "no member is called bne: did you mean ben?")
        }
    }
}
