import Testing

@testable import PrimeMesh

@Suite struct NodeHomeTests {
    private func home(_ variables: [String: String]) throws -> NodeHome {
        try NodeHome { variables[$0].map { Array($0.utf8) } }
    }

    @Test func foldersOfTheSpecification() throws {
        let plain = try home(["HOME": "/home/ada/"])
        #expect(plain.key == bytes("/home/ada/.local/share/pmesh/node.key"))
        #expect(plain.journal == bytes("/home/ada/.local/state/pmesh/journal.sqlite"))
        #expect(plain.config == bytes("/home/ada/.config/pmesh"))
        let moved = try home(["HOME": "/home/ada", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "here"])
        #expect(moved.data == bytes("/d/pmesh"))
        #expect(moved.state == bytes("/home/ada/.local/state/pmesh"), "a relative one is ignored")
    }

    @Test(arguments: [[:], ["HOME": ""], ["HOME": "here"], ["XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s"]])
    func noPlaceIsMadeUp(_ variables: [String: String]) {
        let error = #expect(throws: MeshError.self) { try home(variables) }
        #expect(error?.code == .usage)
        #expect(error?.message.contains("HOME is not set") == true)
    }

    @Test func whereAllFoldersAreNamedNoHomeIsNeeded() throws {
        let named = try home(["XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s", "XDG_CONFIG_HOME": "/c"])
        #expect(named.config == bytes("/c/pmesh"))
    }

    @Test func namesThatAreNoTextStayAsTheyAre() {
        let home = NodeHome(folder: [0x2f, 0xe9, 0x2f]) { _ in nil }
        #expect(home.key == [0x2f, 0xe9] + bytes("/node.key"))
    }

    @Test func aJournalIsFoundThroughANameThatIsNoText() async throws {
        try await withFolder { folder in
            let home = NodeHome(folder: bytes(folder + "/") + [0xe9]) { _ in nil }
            let first = try await MeshNode(home: home, name: "ada")
            let second = try await MeshNode(home: home, name: "ada")
            #expect(first.id == second.id)
            await first.close()
            await second.close()
        }
    }
}
