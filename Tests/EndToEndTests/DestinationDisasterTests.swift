import Foundation
import Glibc
import Testing

/// What other programs do to a destination. Short forms of `Scripts/disasters/destination.sh`.
@Suite struct DestinationDisasterTests {
    private static let size = 12_000_000

    /// What had its name already is wanted again.
    @Test func folderIsRemovedBetweenRuns() async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            let half = try await stage.startHalf()
            #expect(await half.receiver.event("file", count: 10) != nil)
            await half.receiver.kill()
            await half.sender.kill()
            #expect(system("chmod", "-R", "u+rwx", stage("OUT")) && system("rm", "-rf", stage("OUT/tree")))
            try await stage.sameCommandsFinish()
        }
    }

    enum Removed: String, CaseIterable {
        case destination = "OUT"
        case folder = "OUT/tree"
    }

    @Test(arguments: Removed.allCases) func folderIsRemovedInTheMiddle(_ removed: Removed) async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            let half = try await stage.startHalf()
            #expect(await half.receiver.event("file", count: 10) != nil)
            let path = stage(removed.rawValue)
            #expect(system("chmod", "-R", "u+rwx", path) && system("rm", "-rf", path))
            half.road.release()
            try await half.receiver.expectEnd(7, saying: "was removed or replaced by another program")
            try await half.sender.expectEnd(7, saying: "the receiver cannot write to its destination")
            try await stage.sameCommandsFinish()
        }
    }

    /// What has its name may be taken away at once, as a program does that waits for files: that is no disaster.
    @Test func finishedFilesAreTakenAwayInTheMiddle() async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            let half = try await stage.startHalf()
            let received = try #require(await half.receiver.event("file", count: 10)?.text("path"))
            let path = stage("OUT/" + received)
            #expect(system("rm", path))
            half.road.release()
            #expect(await half.receiver.exit() == 0)
            #expect(await half.sender.exit() == 0)
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    /// The folder refuses what is in it, not the transfer: all of it is named on both sides.
    @Test(.enabled(if: Privilege.isRoot && Privilege.canDrop, "needs root and setpriv"))
    func folderLosesItsPermissions() async throws {
        try await onStage { stage in
            stage.makeTree(size: 100_000)
            stage.folder("OUT/tree")
            let sender = try stage.send()
            let receiver = try stage.startUnprivileged([
                "receive", "--home", stage("B"), "--out", stage("OUT"), "--yes", "--peer", "127.0.0.1:\(stage.port)",
                "--json",
            ])
            chown(stage("OUT/tree"), 0, 0)
            chmod(stage("OUT/tree"), 0o555)
            #expect(await receiver.exit() == 23, "\(receiver.errors)")
            #expect(await sender.exit() == 23, "\(sender.errors)")
            for side in [sender, receiver] { #expect(side.leftOut["tree/large"] == "denied", "\(side.leftOut)") }
        }
    }
}
