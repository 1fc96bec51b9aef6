import Testing

/// Members send to one another by name.
@Suite struct MeshTests {
    @Test func foundInviteJoinSend() async throws {
        try await onStage { stage in
            try await stage.foundMesh()
            let members = try stage.pmesh("mesh", "members", "--home", stage("A"), "--json")
            #expect(await members.exit() == 0, "\(members.errors)")
            #expect(Set(members.events.compactMap { $0.text("name") }) == ["ada", "ben"])

            stage.makeTree(size: 1_000_000)
            let receiver = try stage.waitForMembers("B")
            #expect(await receiver.event("listening") != nil)
            let sender = try stage.sendToMember("ben", "--peer", "127.0.0.1:\(stage.port)")
            try await stage.bothSucceed(sender, receiver)
            stage.expectSame()
            #expect(await receiver.event("offer")?.text("senderName") == "ada")
        }
    }

    @Test func membersFindEachOther() async throws {
        try await onStage { stage in
            try await stage.foundMesh()
            stage.makeTree(size: 100_000)
            let receiver = try stage.waitForMembers("B")
            #expect(await receiver.event("listening") != nil)
            try await stage.bothSucceed(try stage.sendToMember("ben"), receiver)
            stage.expectSame()
        }
    }

    @Test func memberTransferResumes() async throws {
        try await onStage { stage in
            try await stage.foundMesh()
            stage.makeTree(size: 12_000_000)
            let receiver = try stage.waitForMembers("B")
            #expect(await receiver.event("listening") != nil)
            let road = try stage.road(holding: .dialer, after: 6_000_000)
            let sender = try stage.sendToMember("ben", "--peer", "127.0.0.1:\(road.port)", "--compress", "never")
            try await stage.expectCommitted(receiver)
            await sender.kill()
            await receiver.kill()
            // What came to be since the evening before belongs to it, too.
            stage.file("tree/tonight", Array("new".utf8))
            let again = try stage.waitForMembers("B")
            #expect(await again.event("listening") != nil)
            try await stage.bothSucceed(try stage.sendToMember("ben", "--peer", "127.0.0.1:\(stage.port)"), again)
            stage.expectSame()
            #expect(stage.names("OUT") == ["tree"])
        }
    }

    /// A colleague who waits on the same machine is simply not the one that is meant.
    @Test(arguments: ["ben", "cleo"])
    func theOneThatIsMeantAmongThree(name: String) async throws {
        try await onStage { stage in
            try await stage.foundMeshOfThree()
            stage.makeTree(size: 100_000)
            let (ben, cleo) = (try stage.waitForAnybody("B"), try stage.waitForAnybody("C"))
            for waiting in [ben, cleo] { #expect(await waiting.event("listening") != nil) }
            let sender = try stage.sendToMember(name)
            let (wanted, other) = name == "ben" ? (ben, cleo) : (cleo, ben)
            try await stage.bothSucceed(sender, wanted)
            #expect(other.isRunning && stage.names("OUT-" + (name == "ben" ? "C" : "B")).isEmpty)
        }
    }

    /// Waits for the one that is meant, and does not blame the one that is there.
    @Test func anAbsentMemberIsWaitedFor() async throws {
        try await onStage { stage in
            try await stage.foundMeshOfThree()
            stage.makeTree(size: 10_000)
            let ben = try stage.waitForAnybody("B")
            #expect(await ben.event("listening") != nil)
            try await stage.sendToMember("cleo", "--wait", "1").expectEnd(4, saying: "nobody was found")
            #expect(ben.isRunning)
        }
    }

    /// Some get it and some do not: each is told, and the command says that not all is well.
    @Test(arguments: ["cleo,ben", "all"])
    func oneOfSeveralIsAbsent(names: String) async throws {
        try await onStage { stage in
            try await stage.foundMeshOfThree()
            stage.makeTree(size: 100_000)
            let ben = try stage.waitForAnybody("B")
            #expect(await ben.event("listening") != nil)
            let sender = try stage.sendToMember(names, "--wait", "1")
            #expect(await sender.exit() == 23, "\(sender.errors)")
            #expect(await ben.exit() == 0, "\(ben.errors)")
            let targets = sender.events.filter { $0.name == "target" }
            #expect(Set(targets.compactMap { $0.text("name") }) == ["ben", "cleo"])
            #expect(targets.first { $0.text("name") == "ben" }?.number("code") == 0)
            #expect(targets.first { $0.text("name") == "cleo" }?.number("code") == 4)
        }
    }

    /// A member that looks a name up is not the peer: it once replaced "for ever" by the patience for a lost one.
    @Test func aNameThatIsLookedUpEndsNobodysWaiting() async throws {
        try await onStage { stage in
            try await stage.foundMeshOfThree()
            stage.makeTree(size: 100_000)
            let ben = try stage.waitForAnybody("B", "--patience", "0.5")
            #expect(await ben.event("listening") != nil)
            let asker = try stage.pmesh(
                "send", stage("tree"), "--to", "dora", "--home", stage("C"), "--wait", "2", "--json", code: "")
            try await asker.expectEnd(4, saying: "no member called dora answered")
            #expect(ben.isRunning)
            try await stage.bothSucceed(try stage.sendToMember("ben"), ben)
        }
    }

    @Test func nameThatNobodyHas() async throws {
        try await onStage { stage in
            try await stage.foundMesh()
            stage.makeTree(size: 10_000)
            try await stage.sendToMember("carl", "--wait", "0.5").expectEnd(2, saying: "no member is called carl")
        }
    }

    @Test func nodeThatIsInNoMesh() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            try await stage.sendToMember("ben").expectEnd(2, saying: "this node is in no mesh")
            try await stage.waitForMembers("B").expectEnd(2, saying: "set PMESH_CODE to the sender's code")
        }
    }

    /// A node of another mesh at the address of the one that is meant.
    @Test func peerOfAnotherMesh() async throws {
        try await onStage { stage in
            try await stage.foundMesh()
            let founded = try stage.pmesh(
                "mesh", "create", "other", "--name", "ben", "--home", stage("C"), "--recovery", stage("other.recovery"),
                environment: ["PMESH_PASSPHRASE": "correct horse"])
            #expect(await founded.exit() == 0, "\(founded.errors)")
            stage.makeTree(size: 10_000)
            let stranger = try stage.waitForMembers("C")
            #expect(await stranger.event("listening") != nil)
            let sender = try stage.sendToMember("ben", "--peer", "127.0.0.1:\(stage.port)", "--wait", "2")
            try await sender.expectEnd(5, saying: "does not know this code or mesh")
            #expect(stranger.isRunning && stage.names("OUT").isEmpty)
        }
    }

    @Test func nameThatIsTaken() async throws {
        try await onStage { stage in
            try await stage.foundMesh()
            let (issuer, joiner) = try stage.invite("C", as: "ben", code: "0000-0000-0007")
            #expect(await joiner.exit() == 8, "\(joiner.errors)")
            #expect(joiner.errors.contains("taken"))
            await issuer.kill()
        }
    }

    @Test func secondMeshInOneHome() async throws {
        try await onStage { stage in
            try await stage.foundMesh()
            let second = try stage.pmesh(
                "mesh", "create", "other", "--home", stage("A"), "--recovery", stage("other"),
                environment: ["PMESH_PASSPHRASE": "correct horse"])
            try await second.expectEnd(8, saying: "is in a mesh already")
        }
    }
}

extension Stage {
    /// `A` founds a mesh as ada and invites `B` as ben.
    func foundMesh() async throws {
        let founded = try pmesh(
            "mesh", "create", "team", "--name", "ada", "--home", self("A"), "--recovery", self("team.recovery"),
            environment: ["PMESH_PASSPHRASE": "correct horse"])
        #expect(await founded.exit() == 0, "\(founded.errors)")
        let (issuer, joiner) = try invite("B", as: "ben")
        #expect(await joiner.exit() == 0, "\(joiner.errors)")
        #expect(await issuer.exit() == 0, "\(issuer.errors)")
    }

    fileprivate func invite(_ home: String, as name: String, code: String? = nil) throws -> (
        issuer: Child, joiner: Child
    ) {
        let port = try freePort()
        let issuer = try pmesh(
            "mesh", "invite", "--name", "ada", "--home", self("A"), "--listen", "127.0.0.1:\(port)", "--json",
            code: code)
        let joiner = try pmesh(
            "mesh", "join", "--name", name, "--home", self(home), "--peer", "127.0.0.1:\(port)", "--json", code: code)
        return (issuer, joiner)
    }

    /// `C` joins as cleo.
    fileprivate func foundMeshOfThree() async throws {
        try await foundMesh()
        let (issuer, joiner) = try invite("C", as: "cleo", code: "0000-0000-0009")
        #expect(await joiner.exit() == 0, "\(joiner.errors)")
        #expect(await issuer.exit() == 0, "\(issuer.errors)")
    }

    /// A member waits at an address that only discovery tells, with a folder of its own.
    fileprivate func waitForAnybody(_ home: String, _ options: String...) throws -> Child {
        let line = ["receive", "--home", self(home), "--out", self("OUT-" + home), "--yes", "--json"] + options
        return try start([Program.path] + line)
    }

    /// A member waits for what others send.
    func waitForMembers(_ home: String) throws -> Child {
        try pmesh(
            "receive", "--home", self(home), "--out", self("OUT"), "--yes", "--listen", "127.0.0.1:\(port)", "--json",
            code: "")
    }

    func sendToMember(_ name: String, _ options: String...) throws -> Child {
        let line = ["send", self("tree"), "--to", name, "--home", self("A"), "--json"] + options
        return try start([Program.path] + line)
    }
}
