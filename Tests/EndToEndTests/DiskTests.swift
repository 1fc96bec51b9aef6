import Foundation
import Glibc
import Testing

/// What the disks of both sides may do to a transfer.
@Suite struct DiskTests {
    @Test(.enabled(if: Privilege.canDrop, "needs root and setpriv, or a user that is not root"))
    func unreadableSource() async throws {
        try await onStage { stage in
            stage.makeTree(size: 100_000)
            stage.file("tree/secret", Array("text".utf8), mode: 0)
            let sender = try stage.startUnprivileged(
                ["send", stage("tree"), "--home", stage("A"), "--listen", "127.0.0.1:\(stage.port)", "--json"])
            let receiver = try stage.receive()
            #expect(await sender.exit() == 23, "\(sender.errors)")
            #expect(await receiver.exit() == 23, "\(receiver.errors)")
            for child in [sender, receiver] {
                #expect(child.events.contains { $0.name == "warning" && $0.text("reason") == "source-denied" })
                #expect(try #require(await child.event("done")).number("skipped") == 1)
            }
            #expect(stage.names("OUT/tree").contains("large") && !stage.names("OUT/tree").contains("secret"))
        }
    }

    @Test(.enabled(if: Privilege.canDrop, "needs root and setpriv, or a user that is not root"))
    func destinationWithoutPermission() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            stage.folder("OUT")
            chmod(stage("OUT"), 0o555)
            let sender = try stage.send()
            let receiver = try stage.startUnprivileged([
                "receive", "--home", stage("B"), "--out", stage("OUT"), "--yes", "--peer", "127.0.0.1:\(stage.port)",
                "--json",
            ])
            try await receiver.expectEnd(7, saying: "OUT")
            try await sender.expectEnd(7, saying: "the receiver cannot write to its destination")
            #expect(stage.names("OUT").isEmpty)
        }
    }

    @Test(.enabled(if: Privilege.canMount, "needs a user who may mount a tmpfs"))
    func destinationWithoutSpace() async throws {
        try await onStage { stage in
            stage.makeTree(size: 6_000_000)
            try stage.mountDisk(megabytes: 4)
            let sender = try stage.send()
            let receiver = try stage.receive(out: "disk")
            try await receiver.expectEnd(7, saying: "no space")
            try await sender.expectEnd(7, saying: "no space is left at the receiver")
            #expect(stage.names("disk").isEmpty)
        }
    }

    /// There was space at first; somebody else took it. Once it is back, the same lines go on.
    @Test(.enabled(if: Privilege.canMount, "needs a user who may mount a tmpfs"))
    func spaceRunsOutInTheMiddle() async throws {
        try await onStage { stage in
            stage.makeTree(size: 12_000_000)
            try stage.mountDisk(megabytes: 24)
            let half = try await stage.startHalf(out: "disk")
            let (sender, receiver, road) = (half.sender, half.receiver, half.road)
            system("dd", "if=/dev/zero", "of=" + stage("disk/filler"), "bs=64k")
            road.release()
            try await receiver.expectEnd(7, saying: "no space")
            #expect(await sender.exit() == 7, "\(sender.errors)")
            #expect(!stage.names("disk/tree").contains("large"))

            unlink(stage("disk/filler"))
            let again = (try stage.send(), try stage.receive(out: "disk"))
            try await stage.bothSucceed(again.0, again.1)
            #expect(try #require(await again.1.event("done")).number("chunksResumed") > 0)
            stage.expectSame("disk/tree")
        }
    }

    /// A file grows while it is read, which takes longer than the sender may read ahead: the new one arrives.
    @Test func sourceChangesOnce() async throws {
        try await onStage { stage in
            stage.makeTree(size: 60_000_000)
            let half = try await stage.startHalf()
            let (sender, receiver, road) = (half.sender, half.receiver, half.road)
            stage.append("tree/large", Noise.bytes(1_000_000))
            road.release()
            try await stage.bothSucceed(sender, receiver)
            stage.expectSame()
            #expect(stage.parts(below: "OUT").isEmpty)
        }
    }

    @Test func sourceVanishes() async throws {
        try await onStage { stage in
            stage.makeTree(size: 60_000_000)
            let half = try await stage.startHalf()
            let (sender, receiver, road) = (half.sender, half.receiver, half.road)
            unlink(stage("tree/large"))
            road.release()
            #expect(await sender.exit() == 24, "\(sender.errors)")
            #expect(
                sender.events.contains { $0.name == "warning" && $0.text("message")?.contains("tree/large") == true })
            #expect(await receiver.exit() == 24, "\(receiver.errors)")
            for side in [sender, receiver] { #expect(side.leftOut["tree/large"] == "changing", "\(side.leftOut)") }
            let files = try #require(await sender.event("done")).number("files")
            #expect(try #require(await receiver.event("done")).number("files") == files)
            #expect(!stage.names("OUT/tree").contains("large"))
            stage.expectSame("OUT/tree/deep/3", as: "tree/deep/3")
            #expect(stage.parts(below: "OUT").isEmpty)
        }
    }

    /// A link where a folder is to be made leads out of the destination: nothing is written behind it.
    @Test func linkInTheDestinationLeadsOut() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            stage.folder("OUT")
            stage.folder("elsewhere")
            symlink(stage("elsewhere"), stage("OUT/tree"))
            let sender = try stage.send()
            let receiver = try stage.receive()
            #expect(await receiver.exit() == 23, "\(receiver.errors)")
            #expect(await sender.exit() == 23, "\(sender.errors)")
            for side in [sender, receiver] { #expect(side.leftOut["tree/large"] == "through-link", "\(side.leftOut)") }
            #expect(stage.names("elsewhere").isEmpty)
        }
    }

    @Test func linksThatLeadOutAreLeftOut() async throws {
        try await onStage { stage in
            stage.makeTree(size: 10_000)
            symlink("/etc/passwd", stage("tree/absolute"))
            symlink("../../../outside", stage("tree/deep/outside"))
            let sender = try stage.send()
            let receiver = try stage.receive()
            #expect(await receiver.exit() == 23, "\(receiver.errors)")
            #expect(await sender.exit() == 23, "\(sender.errors)")
            #expect(try #require(await receiver.event("done")).number("skipped") == 2)
            for side in [sender, receiver] {
                #expect(
                    side.leftOut == ["tree/absolute": "outside", "tree/deep/outside": "outside"], "\(side.leftOut)")
            }
            #expect(!stage.names("OUT/tree").contains("absolute") && stage.names("OUT/tree").contains("link"))

            let all = (
                try stage.send("tree", code: "0000-0000-0002"),
                try stage.receive("--links", "all", out: "ALL", code: "0000-0000-0002")
            )
            try await stage.bothSucceed(all.0, all.1)
            stage.expectSame("ALL/tree")
        }
    }
}

/// What this user may do here.
enum Privilege {
    static let isRoot = geteuid() == 0
    static let canDrop = !isRoot || system("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "true")
    static let canMount: Bool = {
        guard isRoot else { return false }
        var template = Array("/tmp/pmesh-mount-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return false }
        let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        defer { rmdir(path) }
        return system("mount", "-t", "tmpfs", "-o", "size=1m", "none", path) && system("umount", path)
    }()
}

extension Stage {
    /// `pmesh` as a user for whom permissions hold. What is on the stage by now is his.
    func startUnprivileged(_ words: [String]) throws -> Child {
        let environment = ["PMESH_CODE": code]
        guard Privilege.isRoot else { return try start([Program.path] + words, environment: environment) }
        system("chown", "-R", "65534:65534", folder)
        let drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        return try start(drop + [Program.path] + words, environment: environment)
    }

    /// A small file system at `disk`, until the stage is cleared.
    func mountDisk(megabytes: Int) throws {
        folder("disk")
        try #require(system("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "none", self("disk")))
    }

    func append(_ name: String, _ bytes: [UInt8]) {
        let descriptor = open(self(name), O_WRONLY | O_APPEND)
        write(descriptor, bytes, bytes.count)
        close(descriptor)
    }
}
