import Foundation
import Glibc
import Testing

/// Lost output is an error where printing was the purpose, and no reason to lose a transfer.
@Suite struct OutputTests {
    @Test(arguments: [
        "code", "code --json", "history --json", "history", "--help", "--version", "send -n tree",
    ])
    func whatOnlyPrintsEndsWith7(_ command: String) async throws {
        try await onStage { stage in
            stage.makeTree(size: 1_000)
            let home = command.hasPrefix("-") ? "" : command.hasPrefix("code") ? "" : "--home A"
            let full = try stage.shell("exec \"$0\" \(command) \(home) > /dev/full")
            #expect(await full.exit() == 7, "\(command): \(full.errors)")
            let closed = try stage.shell("exec \"$0\" \(command) \(home) >&-")
            #expect(await closed.exit() == 7, "\(command): \(closed.errors)")
            let kept = try stage.shell("exec \"$0\" \(command) \(home)")
            #expect(await kept.exit() == 0, "\(command): \(kept.errors)")
        }
    }

    @Test func theReasonIsTold() async throws {
        try await onStage { stage in
            let full = try stage.shell("exec \"$0\" code > /dev/full")
            try await full.expectEnd(7, saying: "standard output could not be written (No space left on device)")
        }
    }

    @Test func aTransferGoesOnWithoutItsLines() async throws {
        try await onStage { stage in
            for (options, code) in [("", Int32(0)), ("--json", 7)] {
                stage.makeTree(size: 100_000)
                let sender = try stage.shell(
                    "exec \"$0\" send tree --home A\(code) --listen 127.0.0.1:\(stage.port) \(options) > /dev/full")
                let receiver = try stage.shell(
                    "exec \"$0\" receive --home B\(code) --out OUT --yes --peer 127.0.0.1:\(stage.port) \(options) | :")
                #expect(await sender.exit() == code, "\(sender.errors)")
                #expect(await receiver.exit() == 0)
                stage.expectSame()
                system("rm", "-rf", stage("OUT"))
            }
        }
    }

    @Test func closedStreamsHarmNothing() async throws {
        try await onStage { stage in
            stage.makeTree(size: 100_000)
            let sender = try stage.shell(
                "exec \"$0\" send tree --home A --listen 127.0.0.1:\(stage.port) <&- >&- 2>&-")
            let receiver = try stage.shell(
                "exec \"$0\" receive --home B --out OUT --yes --peer 127.0.0.1:\(stage.port) <&- >&- 2>&-")
            let codes = (await sender.exit(), await receiver.exit())
            #expect(codes == (0, 0))
            stage.expectSame()
        }
    }
}
