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
