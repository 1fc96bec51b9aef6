import Foundation
import Glibc
import Testing

/// What the sender cannot read is named on both sides, and both say that something is missing.
@Suite struct OmissionTests {
    /// A process that may not read what its user's rights forbid, root's included.
    private func powerless(_ stage: Stage, code: String? = nil) throws -> Child {
        let drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
        let line = [
            Program.path, "send", stage("tree"), "--home", stage("A"), "--listen", "127.0.0.1:\(stage.port)", "--json",
        ]
        return try stage.start(drop + line, environment: ["PMESH_CODE": code ?? stage.code])
    }

    private func makeTree(_ stage: Stage, large: Int = 1_000) {
        stage.folder("tree/closed")
        stage.file("tree/closed/inner", Array("inner".utf8))
        stage.file("tree/good", Array("good".utf8))
        stage.file("tree/large", Noise.bytes(large))
        stage.file("tree/secret", Array("secret".utf8))
        chmod(stage("tree/secret"), 0)
        chmod(stage("tree/closed"), 0)
    }

    @Test(.enabled(if: Privilege.isRoot && Privilege.canDrop, "needs root and setpriv"))
    func whatMayNotBeReadIsNamedOnBothSides() async throws {
        try await onStage { stage in
            makeTree(stage)
            let (sender, receiver) = (try powerless(stage), try stage.receive())
            for side in [sender, receiver] {
                #expect(await side.exit() == 23, "\(side.errors)")
                #expect(side.leftOut == ["tree/secret": "source-denied", "tree/closed": "source-denied"])
                let done = try #require(await side.event("done"))
                #expect(done.number("skipped") == 2 && done.number("failed") == 0 && done.number("outcome") == 23)
            }
            #expect(stage.contents("OUT/tree/good") == Array("good".utf8))
            for home in ["A", "B"] {
                let history = try await stage.ask("history", "--json", "--home", stage(home))
                let id = try #require(history.events.first?.text("transfer"))
                let shown = try await stage.ask("transfers", "show", id, "--json", "--home", stage(home))
                #expect(shown.leftOut.keys.sorted() == ["tree/closed", "tree/secret"])
                #expect(history.events.first?.text("state") == "partial")
            }
            // The same commands again: nothing has become of it.
            let again = (try powerless(stage), try stage.receive())
            for side in [again.0, again.1] { #expect(await side.exit() == 23, "\(side.errors)") }
        }
    }

    /// A resume brings what can be read by then.
    @Test(.enabled(if: Privilege.isRoot && Privilege.canDrop, "needs root and setpriv"))
    func whatCanBeReadLaterComesWithAResume() async throws {
        try await onStage { stage in
            makeTree(stage, large: 20_000_000)
            let road = try stage.road(after: 6_000_000)
            let (sender, receiver) = (try powerless(stage), try stage.receive(port: road.port))
            #expect(await receiver.event("file") != nil)
            await sender.kill()
            await receiver.kill()
            chmod(stage("tree/secret"), 0o600)
            chmod(stage("tree/closed"), 0o700)
            try await stage.bothSucceed(try powerless(stage), try stage.receive())
            stage.expectSame()
        }
    }

    @Test func whatLiesTooDeepIsNamedOnBothSides() async throws {
        try await onStage { stage in
            stage.folder("tree")
            stage.file("tree/good", Array("good".utf8))
            var here = open(stage("tree"), O_RDONLY | O_DIRECTORY)
            for _ in 0..<300 {
                mkdirat(here, "d", 0o755)
                let inner = openat(here, "d", O_RDONLY | O_DIRECTORY)
                close(here)
                here = inner
            }
            close(here)
            let (sender, receiver) = (try stage.send(), try stage.receive())
            for side in [sender, receiver] {
                #expect(await side.exit() == 23, "\(side.errors)")
                #expect(side.leftOut.map(\.value) == ["too-deep"])
                #expect(side.leftOut.keys.first?.hasPrefix("tree/d/d/") == true)
            }
        }
    }
}
