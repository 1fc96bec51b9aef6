import Foundation
import Glibc
import Testing

/// What a person at a terminal meets. `script` (util-linux) is the terminal.
@Suite struct TerminalTests {
    @Test(arguments: ["\u{1c}", "\u{3}"])
    func aSignalAtAPromptLeavesTheTerminalAsItWas(_ key: String) async throws {
        try await onStage { stage in
            let child = try stage.terminal(
                "\"$PMESH\" mesh create w --name ada --home A; echo \"ended $?\"; stty -a",
                typing: [("passphrase", key)])
            _ = await child.exit()
            #expect(child.output.contains("ended 130"), "\(child.output)")
            #expect(child.output.contains(" echo "), "\(child.output)")
            #expect(!child.output.contains("crashed"))
        }
    }

    @Test func aMistypedCodeIsRefusedAtThePrompt() async throws {
        try await onStage { stage in
            let child = try stage.terminal(
                "\"$PMESH\" receive --home B --out OUT --peer 127.0.0.1:1 --wait 0; echo \"ended $?\"",
                typing: [
                    ("code: ", "7k3x-q9mz-2rta-w\n"),
                    ("compare it with the other machine's screen", "7k3x-q9mz-2rtw\n"),
                    ("the last symbol is missing", "\n"),
                ])
            _ = await child.exit()
            #expect(child.output.contains("ended 4"), "\(child.output)")
        }
    }

    @Test func whoeverRefusesIsToldThatBothMustRunAgain() async throws {
        try await onStage { stage in
            stage.file("one", Array("one".utf8))
            let sender = try stage.send("one")
            let child = try stage.terminal(
                "PMESH_CODE=\(stage.code) \"$PMESH\" receive --home B --out OUT --peer 127.0.0.1:\(stage.port); echo \"ended $?\"",
                typing: [("accept?", "\n")])
            _ = await child.exit()
            #expect(child.output.contains("run both commands again"), "\(child.output)")
            #expect(child.output.contains("ended 3"))
            try await sender.expectEnd(3, saying: "run both commands again")
        }
    }

    /// Said at once: it waited for a sender that was busy with the first one's question.
    @Test func aSecondReceiverIsToldThatTheFirstOneStillAsks() async throws {
        try await onStage { stage in
            stage.file("one", Array("one".utf8))
            let sender = try stage.send("one")
            let line = "\"$PMESH\" receive --home B --out OUT --peer 127.0.0.1:\(stage.port)"
            let second = "(until grep -q 'accept?' log; do sleep 0.05; done; \(line); echo \"second $?\")"
            let child = try stage.terminal(
                "export PMESH_CODE=\(stage.code); \(second) & \(line); echo \"ended $?\"",
                typing: [("second 8", "y\n")])
            _ = await child.exit()
            #expect(child.output.contains("uses this code already"), "\(child.output)")
            #expect(child.output.contains("ended 0"))
            #expect(await sender.exit() == 0)
        }
    }

    @Test func withoutATerminalTheVariableIsNamed() async throws {
        try await onStage { stage in
            let child = try stage.pmesh("receive", "--home", stage("B"), code: "")
            try await child.expectEnd(2, saying: "set PMESH_CODE to the sender's code")
        }
    }

    @Test func aCodeIsShownWithItsCheckSymbol() async throws {
        try await onStage { stage in
            let child = try stage.pmesh("code", code: "")
            #expect(await child.exit() == 0)
            let code = child.output.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(code.split(separator: "-").map(\.count) == [4, 4, 4, 1])
            let wrong = code.dropLast() + (code.hasSuffix("0") ? "1" : "0")
            for given in [String(wrong), "-"] {
                let child = try stage.pmesh("receive", given, "--home", stage("B"), code: "", input: wrong + "\n")
                try await child.expectEnd(2, saying: "does not fit the others")
            }
            let nobody = try stage.pmesh(
                "receive", "--home", stage("B"), "--wait", "100s", code: String(code.dropLast(2)))
            #expect(await nobody.says("waiting"))
            await nobody.kill()
            let soon = try stage.pmesh("receive", "--home", stage("B"), "--wait", "0", "--quiet", code: code)
            try await soon.expectEnd(4, saying: "nobody was found under this code: compare it")
        }
    }
}

extension Stage {
    /// A shell's line at a terminal; each text is typed once the words before it are shown.
    fileprivate func terminal(_ line: String, typing answers: [(after: String, text: String)]) throws -> Child {
        file(
            "line.sh",
            Array("cd '\(folder)'; export PMESH='\(Program.path)' TERM=xterm; trap : INT QUIT; stty echo; \(line)".utf8)
        )
        file("log", [])
        let steps = answers.map { "shown \"\($0.after)\"; printf '%b' '\(Self.octal($0.text))'" }
        // The writer stays until the line has ended, for a closed input would end the terminal; 20 s at most.
        let shown = """
            shown() { n=0; while [ $n -lt 400 ] && ! grep -q -e "$1" -e 'Script done' log; do
            n=$((n+1)); sleep 0.05; done; }
            """
        let writer = ([shown] + steps + ["shown 'ended [0-9]'", "sleep 0.2"]).joined(separator: "\n")
        return try shell("(\(writer)\n) | script -qefc 'exec sh line.sh' log")
    }

    private static func octal(_ text: String) -> String {
        text.utf8.map { byte in
            let digits = String(byte, radix: 8)
            return "\\0" + String(repeating: "0", count: 3 - digits.count) + digits
        }.joined()
    }
}
