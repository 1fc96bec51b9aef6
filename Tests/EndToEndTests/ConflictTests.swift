import Testing

/// Something stands where a file is to go.
@Suite struct ConflictTests {
    @Test func renameKeepsBoth() async throws {
        try await onStage { stage in
            try await stage.meet(rule: "rename", expecting: 0)
            #expect(stage.contents("OUT/report.txt") == Array("old".utf8))
            let others = stage.names("OUT").filter { $0 != "report.txt" }
            #expect(
                others.count == 1 && others.allSatisfy { $0.hasPrefix("report") && $0.hasSuffix(".txt") }, "\(others)")
            #expect(stage.contents("OUT/" + (others.first ?? "-")) == Array("new text".utf8))
        }
    }

    @Test func renameIsTheDefault() async throws {
        try await onStage { stage in
            try await stage.meet(rule: nil, expecting: 0)
            #expect(stage.contents("OUT/report.txt") == Array("old".utf8) && stage.names("OUT").count == 2)
        }
    }

    @Test func skipLeavesItOut() async throws {
        try await onStage { stage in
            let done = try await stage.meet(rule: "skip", expecting: 0)
            #expect(stage.contents("OUT/report.txt") == Array("old".utf8) && stage.names("OUT") == ["report.txt"])
            #expect(done.number("skipped") == 0 && done.number("kept") == 1 && done.number("files") == 0)
            let id = try #require(done.text("transfer"))
            for home in ["A", "B"] {
                let shown = try await stage.ask("transfers", "show", id, "--home", stage(home))
                #expect(shown.output.contains("kept: report.txt: "), "\(home): \(shown.output)")
                let events = try await stage.ask("transfers", "show", id, "--home", stage(home), "--json").events
                #expect(events.first { $0.name == "kept" }?.text("reason") == "exists", "\(home)")
            }
        }
    }

    @Test func overwriteReplaces() async throws {
        try await onStage { stage in
            try await stage.meet(rule: "overwrite", expecting: 0)
            stage.expectSame("OUT/report.txt", as: "report.txt")
            #expect(stage.names("OUT") == ["report.txt"])
        }
    }

    @Test(arguments: [true, false]) func newerReplacesWhatIsOlder(_ isNewer: Bool) async throws {
        try await onStage { stage in
            try await stage.meet(rule: "newer", isNewer: isNewer, expecting: 0)
            #expect(stage.contents("OUT/report.txt") == Array((isNewer ? "new text" : "old").utf8))
            #expect(stage.names("OUT") == ["report.txt"])
        }
    }

    /// A folder that is there is gone into.
    @Test func foldersAreShared() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            stage.folder("OUT/tree/deep")
            stage.file("OUT/tree/mine", Array("mine".utf8))
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            #expect(stage.contents("OUT/tree/mine") == Array("mine".utf8))
            stage.expectSame("OUT/tree/large", as: "tree/large")
        }
    }
}

extension Stage {
    /// Sends a file onto one of the same name.
    @discardableResult
    fileprivate func meet(rule: String?, isNewer: Bool = true, expecting code: Int32) async throws -> Event {
        folder("OUT")
        file("OUT/report.txt", Array("old".utf8))
        file("report.txt", Array("new text".utf8))
        setTime("OUT/report.txt", 1_600_000_000, isNewer ? 5 : 6)
        setTime("report.txt", 1_600_000_000, isNewer ? 6 : 5)
        let sender = try send("report.txt")
        let receiver = try rule.map { try receive("--on-conflict", $0) } ?? receive()
        #expect(await receiver.exit() == code, "\(receiver.errors)")
        #expect(await sender.exit() == code, "\(sender.errors)")
        #expect(parts(below: "OUT").isEmpty)
        return try #require(await receiver.event("done"))
    }
}
