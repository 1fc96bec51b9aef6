import Foundation
import Glibc
import Testing

/// Whose rights stand at the destination.
@Suite struct PermissionTests {
    /// An `.ssh` of 0700 stays one whatever the sender's is, and a shared folder keeps its bits.
    @Test func foldersThatAreThereKeepTheirs() async throws {
        try await onStage { stage in
            for (name, mode) in [("tree", 0o777), ("tree/.ssh", 0o777), ("tree/shared", 0o700)] {
                stage.folder(name)
                chmod(stage(name), mode_t(mode))
            }
            stage.file("tree/.ssh/known", Array("k".utf8))
            stage.file("tree/shared/note", Array("n".utf8))
            for (name, mode) in [
                ("OUT", 0o1777), ("OUT/tree", 0o2770), ("OUT/tree/.ssh", 0o700), ("OUT/tree/shared", 0o1777),
            ] {
                stage.folder(name)
                chmod(stage(name), mode_t(mode))
            }
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            #expect(stage.mode("OUT/tree") == 0o2770)
            #expect(stage.mode("OUT/tree/.ssh") == 0o700)
            #expect(stage.mode("OUT/tree/shared") == 0o1777)
            #expect(stage.mode("OUT") == 0o1777)

            let again = "0000-0000-0003"
            try await stage.bothSucceed(
                try stage.send("tree", code: again), try stage.receive("--perms", code: again))
            #expect(stage.mode("OUT/tree") == 0o2777)
            #expect(stage.mode("OUT/tree/.ssh") == 0o777)
            #expect(stage.mode("OUT/tree/shared") == 0o1700)
        }
    }

    @Test func newFoldersInheritSetgid() async throws {
        try await onStage { stage in
            stage.makeTree(size: 1_000)
            stage.folder("OUT")
            chmod(stage("OUT"), 0o2775)
            chmod(stage("tree/deep"), 0o750)
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            #expect(stage.mode("OUT/tree").map { $0 & 0o7000 } == 0o2000)
            #expect(stage.mode("OUT/tree/deep") == 0o2750)
        }
    }

    @Test(arguments: [true, false]) func theUmaskIsObeyedWhereItIsAskedFor(_ isAsked: Bool) async throws {
        try await onStage { stage in
            stage.folder("tree")
            stage.file("tree/file", Array("f".utf8))
            chmod(stage("tree/file"), 0o666)
            chmod(stage("tree"), 0o777)
            let line = [
                "receive", "--home", stage("B"), "--out", stage("OUT"), "--yes", "--peer", "127.0.0.1:\(stage.port)",
                "--json",
            ]
            let options = isAsked ? ["--no-perms"] : []
            let receiver = try stage.start(
                ["sh", "-c", "umask 077; exec \"$0\" \"$@\"", Program.path] + line + options,
                environment: ["PMESH_CODE": stage.code])
            try await stage.bothSucceed(try stage.send(), receiver)
            #expect(stage.mode("OUT/tree") == (isAsked ? 0o700 : 0o777))
            #expect(stage.mode("OUT/tree/file") == (isAsked ? 0o600 : 0o666))
        }
    }

    /// Read-only folders that are there are opened up for the transfer's time, and closed again.
    @Test(.enabled(if: Privilege.canDrop)) func readOnlyFoldersAreWrittenIntoAndStaySo() async throws {
        try await onStage { stage in
            stage.folder("tree/deep")
            stage.file("tree/deep/file", Array("new".utf8))
            stage.folder("OUT/tree/deep")
            chmod(stage("OUT/tree/deep"), 0o555)
            chmod(stage("OUT/tree"), 0o500)
            let receiver = try stage.startUnprivileged([
                "receive", "--home", stage("B"), "--out", stage("OUT"), "--yes", "--peer", "127.0.0.1:\(stage.port)",
                "--json",
            ])
            try await stage.bothSucceed(try stage.send(), receiver)
            #expect(stage.contents("OUT/tree/deep/file") == Array("new".utf8))
            #expect(stage.mode("OUT/tree/deep") == 0o555 && stage.mode("OUT/tree") == 0o500)
        }
    }
}

extension Stage {
    /// Twelve bits.
    fileprivate func mode(_ name: String) -> mode_t? {
        var status = Glibc.stat()
        return lstat(self(name), &status) == 0 ? status.st_mode & 0o7777 : nil
    }
}
