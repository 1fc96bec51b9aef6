import ArgumentParser
import FoundationEssentials
import MeshTransfer
import MeshWire
import PrimeMesh
import Testing

@testable import pmesh

@Suite struct SettingsTests {
    private let home = NodeHome(folder: "/nowhere", environment: [:])

    @Test func anOptionWinsOverTheEnvironmentAndThatOverTheFile() throws {
        var file = ConfigurationFile()
        file.compress = "never"
        func mode(_ given: CompressionMode?, _ variables: [String: String]) throws -> CompressionMode? {
            let settings = Settings(environment: Environment(variables), file: file, home: home)
            return try settings.value(given, "COMPRESS", "compress", settings.file.compress)
        }
        #expect(try mode(.always, ["PMESH_COMPRESS": "3"]) == .always)
        #expect(try mode(nil, ["PMESH_COMPRESS": "3"]) == .level(3))
        #expect(try mode(nil, ["PMESH_COMPRESS": ""]) == .never)
        #expect(try mode(nil, [:]) == .never)
        file.compress = nil
        #expect(try mode(nil, [:]) == nil)
    }

    @Test func severalAddressesAreSeparatedByCommas() throws {
        let settings = Settings(
            environment: Environment(["PMESH_PEER": "a:1,[::1]:2"]), file: ConfigurationFile(), home: home)
        let peers: [DialAddress] = try settings.values([], "PEER", "peers", nil)
        #expect(peers.map(\.address) == [NodeAddress(host: "a", port: 1), NodeAddress(host: "::1", port: 2)])
    }

    @Test func aWrongValueIsNamedWithItsPlace() throws {
        let settings = Settings(
            environment: Environment(["PMESH_COMPRESS": "fast"]), file: ConfigurationFile(), home: home)
        let error = #expect(throws: MeshError.self) {
            let _: CompressionMode? = try settings.value(nil, "COMPRESS", "compress", nil)
        }
        #expect(error?.code == .usage)
        #expect(error?.message == #"PMESH_COMPRESS cannot be "fast"; it may be one of auto, always, never, 1-9"#)
    }

    @Test(
        arguments: [
            ("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7_200), ("7d", 604_800), ("0", 0),
        ] as [(String, Double)])
    func aTimeMayHaveAUnit(_ text: String, _ seconds: Double) {
        #expect(Seconds(argument: text)?.value == seconds)
    }

    @Test(arguments: ["", "m", "-1", "1 m", "inf", "nan", "0x10q", "366d", "1y"])
    func whatIsNoTimeIsRefused(_ text: String) {
        #expect(Seconds(argument: text) == nil)
    }

    @Test func aTimeInTheFileIsANumberOrAText() throws {
        let file = try JSONDecoder().decode(
            ConfigurationFile.self, from: Data(#"{"wait":5,"patience":"10m"}"#.utf8))
        let settings = Settings(environment: Environment([:]), file: file, home: home)
        let options = try MeetingFlags.parse([]).options(settings)
        #expect(options.wait == 5 && options.patience == 600)
    }

    @Test func aNameThatCannotBeIsToldWithItsPlace() {
        var file = ConfigurationFile()
        file.name = "Carl Smith"
        let settings = Settings(environment: Environment([:]), file: file, home: home)
        let error = #expect(throws: MeshError.self) {
            let _: NodeName? = try settings.value(nil, "NAME", "name", settings.file.name)
        }
        #expect(
            error?.message.hasPrefix(#""name" in /nowhere/config.json cannot be "Carl Smith": the name has"#) == true)
    }

    @Test func unknownKeysOfTheFileAreRefused() throws {
        let good = try JSONDecoder().decode(
            ConfigurationFile.self, from: Data(#"{"out":"/in","peers":["a:1"],"wait":5}"#.utf8))
        #expect(good.out == "/in")
        #expect(good.peers == ["a:1"])
        #expect(good.wait?.text == "5.0")
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(ConfigurationFile.self, from: Data(#"{"uot":"/in"}"#.utf8))
        }
    }

    @Test(arguments: [
        ("~", "/home/ada"), ("~/inbox", "/home/ada/inbox"), ("~ben/x", "~ben/x"), ("a/~", "a/~"), ("", ""),
    ])
    func aTildeIsThePersonsFolder(_ path: String, _ expected: String) throws {
        let environment = Environment(["HOME": "/home/ada"])
        #expect(try HomePath.expanded(Array(path.utf8), environment) == Array(expected.utf8))
    }

    @Test func withoutAHomeATildeMeansNothing() throws {
        for environment in [Environment([:]), Environment(["HOME": ""]), Environment(["HOME": "here"])] {
            let error = #expect(throws: MeshError.self) { try HomePath.expanded(Array("~/x".utf8), environment) }
            #expect(error?.code == .usage)
        }
        #expect(try HomePath.expanded(Array("x".utf8), Environment([:])) == Array("x".utf8))
    }

    @Test(arguments: [
        ("Ada.example.org", "ada"), ("my_host", "my-host"), ("--x--", "x"), ("", "node"), ("ünï", "n"), (".", "node"),
        (String(repeating: "a", count: 80), String(repeating: "a", count: 63)),
    ])
    func aHostsNameBecomesANodesName(_ host: String, _ name: String) {
        #expect(HostName.nodeName(host) == name)
    }
}
