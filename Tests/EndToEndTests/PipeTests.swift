import Foundation
import Testing

/// Data of unknown length: standard input, files of the kernel, and a receiver that passes one file on.
@Suite struct PipeTests {
    /// The sending line of a pipe, in home `A`.
    private func send(_ options: String = "-", from command: String, _ stage: Stage) throws -> Child {
        try stage.shell("\(command) | \"$0\" send \(options) --home A --listen 127.0.0.1:\(stage.port)")
    }

    private func receive(_ options: String, to command: String = "", port: UInt16? = nil, _ stage: Stage) throws
        -> Child
    {
        let line = "\"$0\" receive --home B --yes --peer 127.0.0.1:\(port ?? stage.port) \(options)"
        return try stage.shell(command.isEmpty ? "exec \(line)" : "\(line) | \(command)")
    }

    /// A pipe into which little is written and that stays open; some of it has arrived.
    private func begin(_ stage: Stage) async throws -> (sender: Child, receiver: Child) {
        let sender = try stage.shell(
            "{ head -c 600000 /dev/zero; exec sleep 8; } | exec \"$0\" send - --home A --listen 127.0.0.1:\(stage.port) --json"
        )
        let receiver = try stage.receive()
        _ = await receiver.event("progress") { $0.number("bytes") > 0 }
        return (sender, receiver)
    }

    private func content(_ path: String, _ stage: Stage) -> String? {
        try? String(contentsOfFile: stage(path), encoding: .utf8)
    }

    @Test func standardInputBecomesAFile() async throws {
        try await onStage { stage in
            let sender = try send("- --file-name 'a b.txt'", from: "printf 'some words'", stage)
            let receiver = try receive("--out OUT", stage)
            #expect(await receiver.exit() == 0, "\(receiver.errors)")
            #expect(await sender.exit() == 0, "\(sender.errors)")
            #expect(content("OUT/a b.txt", stage) == "some words")
            for home in ["A", "B"] {
                let history = try await stage.ask("history", "--json", "--home", stage(home))
                let event = try #require(history.events.first)
                #expect(event.number("bytes") == 10 && event.text("state") == "done", "\(event)")
                let verify = try stage.pmesh(
                    "verify", event.text("transfer") ?? "", "--home", stage(home), code: "")
                if home == "A" {
                    try await verify.expectEnd(2, saying: "verified as it passed")
                } else {
                    #expect(await verify.exit() == 0, "\(verify.errors)")
                }
            }
            // The whole of nothing is an empty file; the name is the input's own.
            let empty = try send(from: ":", stage)
            let second = try receive("--out OUT", stage)
            let codes = (await second.exit(), await empty.exit())
            #expect(codes == (0, 0), "\(second.errors) \(empty.errors)")
            #expect(content("OUT/stdin", stage) == "")
        }
    }

    @Test func manyBytesGoThroughTwoPipesInOrder() async throws {
        try await onStage { stage in
            let numbers = "seq 1 9000000"
            let sender = try send(from: numbers, stage)
            let receiver = try receive("--stdout", to: "sha256sum", stage)
            let expected = try stage.shell("\(numbers) | sha256sum")
            #expect(await receiver.exit() == 0, "\(receiver.errors)")
            #expect(await sender.exit() == 0, "\(sender.errors)")
            _ = await expected.exit()
            #expect(receiver.output == expected.output && receiver.output.count > 60)
            #expect(receiver.errors.contains("received"))
            // A file of known length passes through likewise.
            try Data(repeating: 7, count: 5_000_000).write(to: URL(fileURLWithPath: stage("file")))
            let file = try stage.shell("exec \"$0\" send file --home A2 --listen 127.0.0.1:\(stage.port)")
            let through = try stage.shell(
                "\"$0\" receive --home B2 --yes --peer 127.0.0.1:\(stage.port) --stdout | cmp - file")
            #expect(await through.exit() == 0, "\(through.errors)")
            #expect(await file.exit() == 0, "\(file.errors)")
        }
    }

    @Test func aBrokenConnectionIsSurvived() async throws {
        try await onStage { stage in
            let road = try stage.road(holding: .listener, after: 20_000_000)
            let numbers = "seq 1 7000000"
            let sender = try send(from: numbers, stage)
            let receiver = try receive("--stdout", to: "sha256sum", port: road.port, stage)
            let expected = try stage.shell("\(numbers) | sha256sum")
            while road.passed < 20_000_000, sender.isRunning { usleep(10_000) }
            road.cut()
            road.release()
            let codes = (await receiver.exit(), await sender.exit())
            #expect(codes == (0, 0), "\(receiver.errors) \(sender.errors)")
            _ = await expected.exit()
            #expect(receiver.output == expected.output)
            #expect(sender.errors.contains("connection lost"))
        }
    }

    @Test func aFolderIsNotPassedOn() async throws {
        try await onStage { stage in
            stage.makeTree(size: 1_000)
            let sender = try stage.shell("exec \"$0\" send tree --home A --listen 127.0.0.1:\(stage.port)")
            let receiver = try receive("--stdout", stage)
            let codes = (await receiver.exit(), await sender.exit())
            #expect(codes == (3, 3))
            #expect(receiver.errors.contains("takes one file, and no folder"), "\(receiver.errors)")
            #expect(sender.errors.contains("takes one file, and no folder"), "\(sender.errors)")
            #expect(receiver.output.isEmpty)
        }
    }

    @Test func aReaderThatEndsEarlyIsAnError() async throws {
        try await onStage { stage in
            let sender = try send(from: "head -c 60000000 /dev/zero", stage)
            let receiver = try stage.shell(
                "{ \"$0\" receive --home B --yes --peer 127.0.0.1:\(stage.port) --stdout; echo $? > code; } | head -c 9"
            )
            #expect(await receiver.exit() == 0)
            #expect(content("code", stage) == "7\n")
            #expect(receiver.errors.contains("standard output"), "\(receiver.errors)")
            #expect(await sender.exit() == 7, "\(sender.errors)")
            #expect(!sender.errors.contains("pmesh resume") && !receiver.errors.contains("pmesh resume"))
        }
    }

    @Test func whatCameThroughAPipeIsNotResumed() async throws {
        try await onStage { stage in
            let (sender, _) = try await begin(stage)
            let started = Date()
            let child = try stage.shell("pkill -INT -f 'pmesh send - --home A' -g \(sender.pid)")
            _ = await child.exit()
            #expect(await sender.event("error")?.text("message")?.contains("pipe") == true)
            #expect(Date().timeIntervalSince(started) < 5 * Stage.patience, "a thread that reads holds up nothing")
            #expect(!sender.errors.contains("pmesh resume"))
            let resume = try stage.pmesh("resume", "--home", stage("A"), code: "")
            try await resume.expectEnd(2, saying: "nothing to resume")
            let list = try await stage.ask("transfers", "list", "--json", "--home", stage("A"))
            #expect(list.events.first?.text("state") == "failed")
        }
    }

    @Test func theReceiverOfAPipeCannotGoOnEither() async throws {
        try await onStage { stage in
            let (sender, receiver) = try await begin(stage)
            receiver.signal(2)
            let error = try #require(await receiver.event("error"))
            #expect(error.text("resume") == nil && error.text("message")?.contains("pipe") == true, "\(error)")
            _ = await receiver.exit()
            let resume = try stage.pmesh("resume", "--home", stage("B"), code: "")
            try await resume.expectEnd(2, saying: "nothing to resume")
            _ = await (try stage.shell("pkill -INT -f 'pmesh send - --home A' -g \(sender.pid)")).exit()
            #expect(await sender.exit() != 0)
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/version")))
    func filesOfTheKernelAreReadToTheirEnd() async throws {
        try await onStage { stage in
            let sender = try stage.shell(
                "exec \"$0\" send /proc/version /proc/sys/kernel/random --home A --listen 127.0.0.1:\(stage.port)")
            let receiver = try receive("--out OUT", stage)
            let codes = (await receiver.exit(), await sender.exit())
            #expect(codes == (0, 0), "\(receiver.errors) \(sender.errors)")
            let there = try stage.shell(
                "cmp /proc/version OUT/version && cmp /proc/sys/kernel/random/boot_id OUT/random/boot_id")
            #expect(await there.exit() == 0, "\(there.output)")
            // The same lines again: nothing is missing, and nothing has changed that could be told.
            let again = try stage.shell(
                "exec \"$0\" send /proc/version /proc/sys/kernel/random --home A --listen 127.0.0.1:\(stage.port)")
            #expect(await again.exit() == 0, "\(again.errors)")
        }
    }

    @Test func wordsAreSent() async throws {
        try await onStage { stage in
            let sender = try stage.shell(
                "exec \"$0\" send --text 'wort für wort' --home A --listen 127.0.0.1:\(stage.port)")
            let receiver = try receive("--stdout", stage)
            let codes = (await receiver.exit(), await sender.exit())
            #expect(codes == (0, 0), "\(receiver.errors) \(sender.errors)")
            #expect(receiver.output == "wort für wort")
            // Under a code that is done: what went out then does not come out of nothing.
            let again = try receive("--stdout --wait 1", stage)
            #expect(await again.exit() != 0 && again.output.isEmpty, "\(again.errors)")
        }
    }

    @Test(arguments: [
        ("send a -", "sent alone"), ("send - b", "sent alone"), ("send --text x a", "sent alone"),
        ("send --text ''", "needs words"), ("send a --file-name b", "--file-name"),
        ("send - --file-name a/b", "no name for a file"), ("send --text x --file-name ..", "no name for a file"),
        ("send - --to a,b", "goes to one member"), ("receive --stdout --json", "give one"),
        ("receive --stdout -o x", "give one"),
    ])
    func whatCannotBeMeantIsSaid(_ command: String, _ words: String) async throws {
        try await onStage { stage in
            try Data().write(to: URL(fileURLWithPath: stage("a")))
            let child = try stage.shell("exec \"$0\" \(command) --home A < /dev/null")
            try await child.expectEnd(2, saying: words)
        }
    }

    @Test func aDryRunReadsNothing() async throws {
        try await onStage { stage in
            let child = try stage.shell("sleep 3 | exec \"$0\" send -n - --home A")
            _ = await child.says("nothing was sent")
            #expect(child.output.hasPrefix("stdin "))
            child.signal(9)
        }
    }
}
