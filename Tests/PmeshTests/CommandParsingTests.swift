import ArgumentParser
import MeshTransfer
import MeshWire
import Testing

@testable import pmesh

@Suite struct CommandParsingTests {
    @Test func sendWithWhatScriptsGive() async throws {
        let command = try #require(
            try await Pmesh.asyncParseAsRoot([
                "send", "DIR/tree", "--home", "A", "--listen", "127.0.0.1:7411", "--json",
            ]) as? Send)
        #expect(command.paths.map(\.bytes) == [Array("DIR/tree".utf8)])
        #expect(command.meeting.listen.map(\.address.description) == ["127.0.0.1:7411"])
        #expect(command.talk.json)
        #expect(!command.dryRun)
    }

    @Test(arguments: ["receive", "rx", "recv"])
    func receiveByItsNames(_ name: String) async throws {
        let arguments = [name, "k7qx-9f2m-r4tz", "--out", "OUT", "--yes", "--on-conflict", "newer", "--links", "all"]
        let command = try #require(try await Pmesh.asyncParseAsRoot(arguments) as? Receive)
        #expect(command.code == "k7qx-9f2m-r4tz")
        #expect(command.out?.bytes == Array("OUT".utf8))
        #expect(command.yes)
        #expect(command.onConflict == .rule(.newer))
        #expect(command.links == .all)
    }

    @Test func aHyphenStandsForStandardInput() async throws {
        let command = try #require(try await Pmesh.asyncParseAsRoot(["receive", "-"]) as? Receive)
        #expect(command.code == "-")
    }

    @Test func namesThatAreNotTextReachTheCommandAsTheyAre() async throws {
        let raw: [UInt8] = [0x66, 0xff, 0x6f]
        let command = try #require(
            try await Pmesh.asyncParseAsRoot(["tx", "--", ArgumentBytes.text(of: raw)]) as? Send)
        #expect(command.paths.map(\.bytes) == [raw])
    }

    @Test func membersByName() async throws {
        let command = try #require(
            try await Pmesh.asyncParseAsRoot(["send", "a", "--to", "ada,ben", "--to", "cy", "-n", "--compress", "9"])
                as? Send)
        #expect(command.to.flatMap(\.names) == ["ada", "ben", "cy"])
        #expect(command.dryRun)
        #expect(command.compress == .level(9))
    }

    @Test func transfersListsByItself() async throws {
        #expect(try await Pmesh.asyncParseAsRoot(["transfers"]) is TransfersList)
        #expect(try await Pmesh.asyncParseAsRoot(["transfers", "pause", "abc"]) is TransfersPause)
    }

    @Test(arguments: [
        ["send"], ["send", ""], ["send", "a", "--compress", "10"], ["send", "a", "--peer", "no where"],
        ["send", "a", "--to", "ada,"],
        ["receive", "--on-conflict", "maybe"], ["receive", "a", "b"], ["history", "--json", "--csv"],
        ["history", "--limit", "0"],
        ["history", "--since", "yesterday"], ["transfers", "pause"], ["mesh", "create"], ["verify"], ["nothing"],
        ["receive", "--wait", "-1"], ["mesh", "join", "--name", "Carl Smith"], ["receive", "--wait", "1y"],
    ])
    func whatIsWrongIsAnErrorOfUsage(_ arguments: [String]) async {
        await #expect {
            _ = try await Pmesh.asyncParseAsRoot(arguments)
        } throws: {
            Pmesh.exitCode(for: $0) == .validationFailure
        }
    }
}
