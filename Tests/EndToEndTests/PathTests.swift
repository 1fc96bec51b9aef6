import Foundation
import Glibc
import Testing

/// Paths are bytes, wherever they come from; where one cannot be known, nothing is made up.
@Suite struct PathTests {
    /// A folder whose name is Latin-1, as a shell writes it.
    private static let foreign = "$(printf 'caf\\351')"

    @Test func whatIsReceivedStaysInAFolderThatIsNoText() async throws {
        try await onStage { stage in
            stage.makeTree(size: 1_000)
            let sender = try stage.send()
            let receiver = try stage.shell(
                "mkdir \"\(Self.foreign)\"; cd \"\(Self.foreign)\"; exec \"$0\" receive --home ../B --yes --peer 127.0.0.1:\(stage.port)"
            )
            try await stage.bothSucceed(sender, receiver)
            let look = try stage.shell("cd \"\(Self.foreign)\" && test -f tree/large && ls -d ../caf* | wc -l")
            #expect(await look.exit() == 0)
            #expect(look.output.trimmingCharacters(in: .whitespacesAndNewlines) == "1", "no other folder was made")
            let verify = try stage.shell("exec \"$0\" verify \"\(Self.foreign)\" --home B")
            #expect(await verify.exit() == 0, "\(verify.errors)")
        }
    }

    @Test func homeAndOutMayBeNoText() async throws {
        try await onStage { stage in
            stage.makeTree(size: 1_000)
            let sender = try stage.shell(
                "exec \"$0\" send tree --home \"A\(Self.foreign)\" --listen 127.0.0.1:\(stage.port) --json")
            let receiver = try stage.shell(
                "exec \"$0\" receive --home \"B\(Self.foreign)\" --out \"O\(Self.foreign)\" --yes --fsync --peer 127.0.0.1:\(stage.port)"
            )
            try await stage.bothSucceed(sender, receiver)
            let look = try stage.shell(
                "test -f \"O\(Self.foreign)/tree/large\" -a -f \"B\(Self.foreign)/journal.sqlite\"")
            #expect(await look.exit() == 0)
        }
    }

    @Test func aPreviewFindsWhatLiesInSuchAFolder() async throws {
        try await onStage { stage in
            let preview = try stage.shell(
                "mkdir \"\(Self.foreign)\"; cd \"\(Self.foreign)\"; echo > g; exec \"$0\" send -n g --home ../A")
            #expect(await preview.exit() == 0, "\(preview.errors)")
            #expect(preview.output.hasPrefix("g "))
        }
    }

    @Test(arguments: ["receive --yes", "send -n x", "verify x"])
    func nothingIsMadeInAFolderThatIsGone(_ command: String) async throws {
        try await onStage { stage in
            let child = try stage.shell(
                "mkdir gone; cd gone; rmdir ../gone; exec \"$0\" \(command) --home '\(stage("A"))'")
            try await child.expectEnd(7, saying: "the folder this command was started in is gone")
        }
    }

    @Test(arguments: ["history", "receive", "send -n tree", "mesh members"])
    func withoutAHomeThePersonIsToldWhatToSet(_ command: String) async throws {
        try await onStage { stage in
            for variables in ["", "HOME=", "HOME=relative"] {
                let child = try stage.shell("exec env -i \(variables) \"$0\" \(command)")
                try await child.expectEnd(2, saying: "set it, or give --home DIR")
            }
            let nowhere = try stage.shell("HOME=$PWD/none exec \"$0\" \(command)")
            try await nowhere.expectEnd(2, saying: "which does not exist")
            #expect(access(stage("none"), F_OK) != 0, "a person's folder is not made")
        }
    }

    @Test func aSettingMayBeginWithTheHome() async throws {
        try await onStage { stage in
            stage.file("one", Array("one".utf8))
            mkdir(stage("B"), 0o700)
            stage.file("B/config.json", Array(#"{"out":"~/inbox"}"#.utf8))
            let sender = try stage.send("one")
            let receiver = try stage.shell("exec \"$0\" receive --home B --yes --peer 127.0.0.1:\(stage.port)")
            try await stage.bothSucceed(sender, receiver)
            #expect(access(stage("inbox/one"), F_OK) == 0)
        }
    }

    @Test func aRecoveryFileIsNeverReplaced() async throws {
        try await onStage { stage in
            let words = ["PMESH_PASSPHRASE": "five words are quite enough"]
            let path = stage("w.pmesh-recovery")
            let line = ["mesh", "create", "w", "--name", "ada", "--recovery", path]
            let first = try stage.start([Program.path] + line + ["--home", stage("A")], environment: words)
            #expect(await first.exit() == 0, "\(first.errors)")
            let kept = try Data(contentsOf: URL(filePath: path))
            let second = try stage.start([Program.path] + line + ["--home", stage("B")], environment: words)
            try await second.expectEnd(8, saying: "exists and is never replaced")
            #expect(try Data(contentsOf: URL(filePath: path)) == kept)
        }
    }
}

extension Stage {
    /// A line of a shell in the stage's folder; `$0` is the program.
    func shell(_ line: String, environment: [String: String] = [:]) throws -> Child {
        try start(
            ["/bin/sh", "-c", "cd '\(folder)' || exit 99; " + line, Program.path],
            environment: environment.merging(["PMESH_CODE": code]) { $1 })
    }
}
