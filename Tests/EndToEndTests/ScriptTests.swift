import Testing

/// The two lines of the scripts, and the ways to write them.
@Suite struct ScriptTests {
    @Test func twoLinesMoveATree() async throws {
        try await onStage { stage in
            stage.makeTree()
            let sender = try stage.send()
            let receiver = try stage.receive()
            #expect(await receiver.exit() == 0, "\(receiver.errors)")
            #expect(await sender.exit() == 0, "\(sender.errors)")
            stage.expectSame()
            #expect(stage.parts(below: "OUT").isEmpty)

            let (sent, received) = (
                try #require(await sender.event("done")), try #require(await receiver.event("done"))
            )
            #expect(sent.text("root") == received.text("root") && sent.text("root")?.count == 64)
            for done in [sent, received] {
                #expect(done.number("files") == 27 && done.number("bytes") > 11_000_000)
                #expect(done.number("chunksResumed") == 0 && done.number("chunksRetried") == 0)
                #expect(
                    done.number("chunks") > 0 && done.number("outcome") == 0 && done.has("seconds")
                        && done.has("wireBytes"))
            }
            #expect(await sender.event("code")?.text("code")?.dropLast(2) == stage.code[...])
            #expect(await receiver.event("offer")?.list("names") == ["tree/"])
            #expect(await receiver.event("progress") != nil)
            let files = receiver.events.filter { $0.name == "file" }.compactMap { $0.text("path") }
            #expect(files.count == 27 && files.contains("tree/large") && files.contains("tree/nothing"))
        }
    }

    @Test func doneIsDoneWhenTheLinesRunAgain() async throws {
        try await onStage { stage in
            stage.makeTree(size: 100_000)
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            let (sender, receiver) = (try stage.send(), try stage.receive())
            try await stage.bothSucceed(sender, receiver)
            for child in [sender, receiver] {
                let done = try #require(await child.event("done"))
                #expect(done.number("chunksResumed") == done.number("chunks") && done.number("wireBytes") == 0)
            }
            stage.expectSame()
            #expect(stage.names("OUT") == ["tree"])
        }
    }

    @Test func receiverWaitsForItsSender() async throws {
        try await onStage { stage in
            stage.makeTree(size: 100_000)
            let receiver = try stage.receive()
            #expect(await receiver.event("waiting") != nil)
            try await stage.bothSucceed(try stage.send(), receiver)
            stage.expectSame()
        }
    }

    @Test func nodesOfOneMachineFindEachOther() async throws {
        try await onStage { stage in
            stage.makeTree(size: 100_000)
            let receiver = try stage.pmesh("receive", "--home", stage("B"), "--out", stage("OUT"), "--yes", "--json")
            #expect(await receiver.event("waiting") != nil)
            let sender = try stage.pmesh("send", stage("tree"), "--home", stage("A"), "--json")
            try await stage.bothSucceed(sender, receiver)
            stage.expectSame()
        }
    }

    enum Way: CaseIterable {
        case argument, environment, input
    }

    @Test(arguments: Way.allCases) func codeComes(_ way: Way) async throws {
        try await onStage { stage in
            stage.file("report.txt", Array("text".utf8))
            // The sender draws one; it is read as a person reads it.
            let sender = try stage.pmesh(
                "send", stage("report.txt"), "--home", stage("A"), "--listen", "127.0.0.1:\(stage.port)", "--json",
                code: "")
            let code = try #require(await sender.event("code")?.text("code"))
            #expect(code.count == 16)
            let line = [
                "receive", "--home", stage("B"), "--out", stage("OUT"), "--yes", "--peer", "127.0.0.1:\(stage.port)",
            ]
            let receiver =
                switch way {
                case .argument: try stage.start([Program.path] + line + [code.uppercased()])
                case .environment: try stage.start([Program.path] + line, environment: ["PMESH_CODE": code])
                case .input: try stage.start([Program.path] + line + ["-"], input: code + "\n")
                }
            try await stage.bothSucceed(sender, receiver)
            stage.expectSame("OUT/report.txt", as: "report.txt")
        }
    }

    @Test func personsSeeWhatHappened() async throws {
        try await onStage { stage in
            stage.file("report.txt", Array("text".utf8))
            let sender = try stage.pmesh(
                "send", stage("report.txt"), "--home", stage("A"), "--listen", "127.0.0.1:\(stage.port)", code: "")
            #expect(await sender.says("pmesh receive --peer 127.0.0.1:\(stage.port)"))
            let code = try #require(sender.errors.firstMatch(of: #/code: (\S+)/#)?.1)
            let receiver = try stage.pmesh(
                "rx", "--home", stage("B"), "--out", stage("OUT"), "--yes", "--peer", "127.0.0.1:\(stage.port)",
                code: String(code))
            try await stage.bothSucceed(sender, receiver)
            #expect(receiver.output.contains("verified") || receiver.output.contains("1 file"), "\(receiver.output)")
        }
    }
}

extension Stage {
    func bothSucceed(
        _ sender: Child, _ receiver: Child, at location: SourceLocation = #_sourceLocation
    ) async throws {
        let codes = (await receiver.exit(), await sender.exit())
        #expect(codes == (0, 0), "receiver: \(receiver.errors) sender: \(sender.errors)", sourceLocation: location)
    }

    /// The same two commands once more: they finish, and nothing is left but the tree.
    func sameCommandsFinish(folders: Bool = true, at location: SourceLocation = #_sourceLocation) async throws {
        let (sender, receiver) = (try send(), try receive())
        try await bothSucceed(sender, receiver, at: location)
        expectSame(folders: folders, at: location)
        #expect(names("OUT") == ["tree"] && parts(below: "OUT").isEmpty, sourceLocation: location)
    }
}
