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
            let again = try stage.waitForMembers("B")
            #expect(await again.event("listening") != nil)
            try await stage.bothSucceed(try stage.sendToMember("ben", "--peer", "127.0.0.1:\(stage.port)"), again)
            stage.expectSame()
            #expect(stage.names("OUT") == ["tree"])
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
    fileprivate func foundMesh() async throws {
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

    /// A member waits for what others send.
    fileprivate func waitForMembers(_ home: String) throws -> Child {
        try pmesh(
            "receive", "--home", self(home), "--out", self("OUT"), "--yes", "--listen", "127.0.0.1:\(port)", "--json",
            code: "")
    }

    fileprivate func sendToMember(_ name: String, _ options: String...) throws -> Child {
        let line = ["send", self("tree"), "--to", name, "--home", self("A"), "--json"] + options
        return try start([Program.path] + line)
    }
}
