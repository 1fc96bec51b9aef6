import Foundation
import Glibc
import Testing

/// The same two commands run again after the source was edited: 0 means that the destination has the sources as they are now.
@Suite struct EditedSourceTests {
    private func makeTree(_ stage: Stage, large: Int = 1_000) {
        stage.folder("tree/sub/inner")
        stage.folder("tree/gone/inner")
        stage.file("tree/a", Array("one".utf8))
        stage.file("tree/removed", Array("old".utf8))
        stage.file("tree/gone/inner/file", Array("old".utf8))
        stage.file("tree/large", Noise.bytes(large))
        symlink("a", stage("tree/link"))
    }

    private func edit(_ stage: Stage) throws {
        stage.file("tree/a", Array("another".utf8))
        stage.file("tree/added", Array("new".utf8))
        stage.folder("tree/more")
        stage.file("tree/more/file", Array("new".utf8))
        for name in ["tree/removed", "tree/gone"] { try FileManager.default.removeItem(atPath: stage(name)) }
        unlink(stage("tree/link"))
        symlink("added", stage("tree/link"))
        chmod(stage("tree/sub"), 0o700)
    }

    @Test func afterAnEndBothSidesSayThatTheSourceChanged() async throws {
        try await onStage { stage in
            makeTree(stage)
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            try edit(stage)
            let (sender, receiver) = (try stage.send(), try stage.receive())
            for child in [sender, receiver] {
                #expect(await child.exit() == 24, "\(child.errors)")
                #expect(child.errors.contains("have changed since this transfer ended"), "\(child.errors)")
            }
            #expect(stage.contents("OUT/tree/a") == Array("one".utf8))
            // Asked for, another transfer begins with the same pair.
            try await stage.bothSucceed(
                try stage.send("tree", "--again"), try stage.receive("--on-conflict", "overwrite"))
            #expect(stage.contents("OUT/tree/a") == Array("another".utf8))
            #expect(stage.contents("OUT/tree/more/file") == Array("new".utf8))
            // Nothing changed since: all is as it was.
            try await stage.bothSucceed(try stage.send("tree", "--again"), try stage.receive())
        }
    }

    @Test func afterAnEndTheSenderAloneSaysSo() async throws {
        try await onStage { stage in
            makeTree(stage)
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            let unchanged = try stage.send("tree", "--wait", "1")
            #expect(await unchanged.exit() == 0, "\(unchanged.errors)")
            try edit(stage)
            let changed = try stage.send("tree", "--wait", "1")
            #expect(await changed.exit() == 24, "\(changed.errors)")
        }
    }

    @Test func aResumeBringsTheSourcesAsTheyAreNow() async throws {
        try await onStage { stage in
            makeTree(stage, large: 20_000_000)
            let half = try await stage.startHalf()
            await half.sender.kill()
            await half.receiver.kill()
            try edit(stage)
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            stage.expectSame()
            #expect(stage.names("OUT") == ["tree"] && stage.parts(below: "OUT").isEmpty)
        }
    }
}
