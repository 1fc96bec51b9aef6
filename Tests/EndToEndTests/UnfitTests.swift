import Foundation
import Glibc
import Testing

/// One entry that the destination cannot hold is left out and named on both sides; the rest arrives.
@Suite struct UnfitTests {
    /// A limit of a file's size: told before a byte of it is sent.
    @Test func aFileThatIsTooLargeForTheDestination() async throws {
        try await onStage { stage in
            stage.makeTree(size: 20_000_000)
            let line = [
                "receive", "--home", stage("B"), "--out", stage("OUT"), "--yes", "--peer", "127.0.0.1:\(stage.port)",
                "--json",
            ]
            let receiver = try stage.start(
                ["sh", "-c", "ulimit -f 16384; exec \"$0\" \"$@\"", Program.path] + line,
                environment: ["PMESH_CODE": stage.code])
            let sender = try stage.send()
            #expect(await receiver.exit() == 23, "\(receiver.errors)")
            #expect(await sender.exit() == 23, "\(sender.errors)")
            for side in [sender, receiver] {
                #expect(side.leftOut == ["tree/large": "size"], "\(side.leftOut)")
                let done = try #require(await side.event("done"))
                #expect(done.number("skipped") == 1 && done.number("wireBytes") < 1_000_000)
            }
            stage.expectSame("OUT/tree/deep/3", as: "tree/deep/3")
            #expect(stage.parts(below: "OUT").isEmpty)
        }
    }

    /// A folder stands where a file is to go, and a file where a folder is to go.
    @Test func somethingOfAnotherKindIsInTheWay() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            stage.folder("OUT/tree/large")
            stage.file("OUT/tree/deep", Array("a file".utf8))
            let sender = try stage.send()
            let receiver = try stage.receive("--on-conflict", "overwrite")
            #expect(await receiver.exit() == 23, "\(receiver.errors)")
            #expect(await sender.exit() == 23, "\(sender.errors)")
            for side in [sender, receiver] {
                #expect(side.leftOut["tree/large"] == "in-the-way" && side.leftOut["tree/deep"] == "in-the-way")
                #expect(side.leftOut["tree/deep/3"] == "in-the-way", "\(side.leftOut)")
            }
            #expect(stage.contents("OUT/tree/deep") == Array("a file".utf8))
            #expect(stage.parts(below: "OUT").isEmpty)
        }
    }

    /// The same tree again by the rules of a nightly line: nothing was wanted that is not there.
    @Test(arguments: ["skip", "newer"]) func whatIsThereAlreadyIsUnchanged(_ rule: String) async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            stage.file("tree/deep/3", Array("news".utf8))
            let code = "0000-0000-0004"
            let (sender, receiver) = (
                try stage.send("tree", code: code), try stage.receive("--on-conflict", rule, code: code)
            )
            try await stage.bothSucceed(sender, receiver)
            let kept = rule == "skip" ? ["tree/deep/3": "exists"] : [:]
            for side in [sender, receiver] {
                let done = try #require(await side.event("done"))
                #expect(done.number("unchanged") > 10 && done.number("skipped") == 0, "\(done)")
                #expect(side.leftOut.filter { !$0.key.hasSuffix("link") } == kept, "\(side.leftOut)")
            }
        }
    }

    @Test func aNameThatWasTakenIsTold() async throws {
        try await onStage { stage in
            stage.file("a.txt", Array("new".utf8))
            stage.folder("OUT")
            stage.file("OUT/a.txt", Array("old".utf8))
            let (sender, receiver) = (try stage.send("a.txt"), try stage.receive())
            try await stage.bothSucceed(sender, receiver)
            let file = try #require(await receiver.event("file"))
            #expect(file.text("path") == "a (1).txt" && file.text("offeredAs") == "a.txt")
        }
    }
}

extension Child {
    /// Paths that were named as not there, with their reasons.
    var leftOut: [String: String] {
        var found: [String: String] = [:]
        for event in events where event.name == "warning" || event.name == "kept" {
            if let path = event.text("path"), let reason = event.text("reason") { found[path] = reason }
        }
        return found
    }
}
