import Foundation
import Glibc
import Testing

/// Which bytes go where.
@Suite struct NetworkTests {
    /// Lanes at a port of their own: the control link's way carries no data.
    @Test func dataHasItsOwnPort() async throws {
        try await onStage { stage in
            stage.makeTree(size: 6_000_000)
            let road = try stage.road(recording: true)
            let sender = try stage.send(
                "tree", "--data-listen", "127.0.0.1:\(try stage.freePort())", "--compress", "never")
            let receiver = try stage.receive(port: road.port)
            try await stage.bothSucceed(sender, receiver)
            stage.expectSame()
            #expect(road.passed > 1_000 && road.passed < 200_000, "\(road.passed) bytes on the control plane")
        }
    }

    /// Neither names nor contents can be read on the way.
    @Test func nothingIsReadableOnTheWay() async throws {
        try await onStage { stage in
            let mark = "a-mark-that-occurs-nowhere-else"
            stage.folder("tree")
            stage.file("tree/name-\(mark)", Array(String(repeating: mark, count: 10_000).utf8))
            let road = try stage.road(recording: true)
            let sender = try stage.send("tree", "--compress", "never", "--name", "ada-of-the-lake")
            try await stage.bothSucceed(sender, try stage.receive(port: road.port))
            stage.expectSame()
            #expect(road.record.count > 300_000)
            #expect(!road.record.contains(Array(mark.utf8)) && !road.record.contains(Array("ada-of-the-lake".utf8)))
            // The search finds what is there: the name of the authority, a tag, stands in the first message.
            #expect(road.record.contains([0x16, 0x03, 0x01]))
        }
    }

    /// Two hosts on one wire, found by multicast.
    @Test(.enabled(if: Namespaces.areAllowed, "needs root and `ip netns`")) func twoHosts() async throws {
        try await onStage { stage in
            stage.makeTree(size: 3_000_000)
            let hosts = try Namespaces()
            defer { hosts.remove() }
            let receiver = try stage.start(
                hosts.second + [
                    Program.path, "receive", "--home", stage("B"), "--out", stage("OUT"), "--yes", "--json",
                ], environment: ["PMESH_CODE": stage.code, "XDG_RUNTIME_DIR": stage("run2")])
            #expect(await receiver.event("waiting") != nil)
            let sender = try stage.start(
                hosts.first + [Program.path, "send", stage("tree"), "--home", stage("A"), "--json"],
                environment: ["PMESH_CODE": stage.code])
            try await stage.bothSucceed(sender, receiver)
            stage.expectSame()
        }
    }
}

extension [UInt8] {
    fileprivate func contains(_ word: [UInt8]) -> Bool { Data(self).range(of: Data(word)) != nil }
}

/// Two network namespaces joined by a pair of virtual interfaces.
struct Namespaces {
    static let areAllowed: Bool = {
        guard geteuid() == 0, let probe = try? Namespaces() else { return false }
        probe.remove()
        return true
    }()

    private struct NotAllowed: Error {}
    private let names: (String, String)

    /// What goes before a command to run it on the first host, and on the second.
    var first: [String] { ["ip", "netns", "exec", names.0] }
    var second: [String] { ["ip", "netns", "exec", names.1] }

    init() throws {
        let number = Int.random(in: 0..<1_000_000)
        names = ("pmesh-\(number)-a", "pmesh-\(number)-b")
        let (one, other) = ("pm\(number)a", "pm\(number)b")
        let isMade =
            system("ip", "netns", "add", names.0) && system("ip", "netns", "add", names.1)
            && system(
                "ip", "link", "add", one, "netns", names.0, "type", "veth", "peer", "name", other, "netns", names.1)
            && configure(names.0, one, "10.77.0.1/24") && configure(names.1, other, "10.77.0.2/24")
        guard isMade else {
            remove()
            throw NotAllowed()
        }
    }

    private func configure(_ name: String, _ device: String, _ address: String) -> Bool {
        system("ip", "-n", name, "addr", "add", address, "dev", device)
            && system("ip", "-n", name, "link", "set", device, "up")
            && system("ip", "-n", name, "link", "set", "lo", "up")
    }

    func remove() {
        system("ip", "netns", "del", names.0)
        system("ip", "netns", "del", names.1)
    }
}
