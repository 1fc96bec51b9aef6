import Foundation
import GRDB
import Glibc
import Testing

/// What may happen to a journal. Short forms of `Scripts/disasters/journal.sh`.
@Suite struct JournalDisasterTests {
    private static let size = 12_000_000

    /// The receiver's home lies on a disk of its own, which is full from the middle on.
    @Test(.enabled(if: Privilege.canMount, "needs a user who may mount a tmpfs"))
    func noSpaceForTheJournal() async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            try stage.mountDisk(megabytes: 2)
            symlink(stage("disk"), stage("B"))
            let half = try await stage.startHalf()
            system("dd", "if=/dev/zero", "of=" + stage("disk/filler"), "bs=4k")
            half.road.release()
            try await half.receiver.expectEnd(7, saying: "no space left for the journal")
            try await half.sender.expectEnd(7, saying: "the other side cannot keep its journal")

            unlink(stage("disk/filler"))
            try await stage.sameCommandsFinish()
        }
    }

    /// The receiver knows nothing any more. What stands there is recognised by its bytes, and not received into a second
    /// file beside the first.
    @Test func receiversJournalIsDeleted() async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            let half = try await stage.startHalf()
            // The small files are done by then, the large one is not.
            #expect(await half.receiver.event("file", count: 10) != nil)
            await half.receiver.kill()
            await half.sender.kill()
            stage.deleteJournal("B")
            try await stage.sameCommandsFinish(folders: false)
        }
    }

    /// The pair is tied to a secret that the sender lost: only another code makes a new beginning.
    @Test func sendersJournalIsDeleted() async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            let half = try await stage.startHalf()
            await half.sender.kill()
            await half.receiver.kill()
            stage.deleteJournal("A")
            let (sender, receiver) = (try stage.send(), try stage.receive())
            try await receiver.expectEnd(5, saying: "a new code")
            #expect(await sender.exit() == 5)
            let code = "0000-0000-0003"
            try await stage.bothSucceed(try stage.send(code: code), try stage.receive(code: code))
            // What the first transfer left of the large file is the first transfer's.
            for part in stage.parts(below: "OUT") { unlink(stage("OUT/" + part)) }
            stage.setTime("OUT/tree", 1_500_000_000, 0)
            stage.setTime("tree", 1_500_000_000, 0)
            stage.expectSame(folders: false)
        }
    }

    /// Bytes of the journal's file, where they are changed, and what is said then.
    struct Damage: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: Int32
        var says: String
        var change: @Sendable (inout [UInt8]) -> Void
    }

    private static let damages = [
        Damage(testDescription: "written by a newer version", code: 1, says: "newer pmesh") { $0[63] = 99 },
        Damage(testDescription: "of another program", code: 1, says: "not a journal of pmesh") { $0[71] ^= 1 },
        Damage(testDescription: "no database", code: 1, says: "not a journal of pmesh") { $0[3] = 0 },
        Damage(testDescription: "cut in its first page", code: 1, says: "journal") { $0 = Array($0.prefix(1_000)) },
        Damage(testDescription: "cut in half", code: 1, says: "is damaged") {
            $0 = Array($0.prefix($0.count / 8192 * 4096))
        },
        Damage(testDescription: "garbage behind its first page", code: 1, says: "is damaged") { bytes in
            bytes.replaceSubrange(4_096..., with: Noise.bytes(bytes.count - 4_096))
        },
    ]

    /// The file as it was before, put back, goes on as if nothing had been.
    @Test(arguments: damages) func journalIsNoneAnyMore(_ damage: Damage) async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            let half = try await stage.startHalf()
            await half.receiver.kill()
            await half.sender.kill()
            try stage.foldJournal("B")
            let whole = try #require(stage.contents("B/journal.sqlite"))
            var damaged = whole
            damage.change(&damaged)
            stage.deleteJournal("B")
            stage.file("B/journal.sqlite", damaged, mode: 0o600)
            try await stage.receive("--wait", "5").expectEnd(damage.code, saying: damage.says)
            stage.deleteJournal("B")
            stage.file("B/journal.sqlite", whole, mode: 0o600)
            let again = (try stage.send(), try stage.receive())
            try await stage.bothSucceed(again.0, again.1)
            try await stage.expectResumed(again.0, again.1)
            stage.expectSame()
        }
    }

    /// Another program holds SQLite's write lock for longer than anybody waits for it.
    @Test func journalIsLocked() async throws {
        try await onStage { stage in
            stage.makeTree(size: Self.size)
            let half = try await stage.startHalf()
            let lock = try #require(WriteLock(stage("B/journal.sqlite-shm")))
            half.road.release()
            try await half.receiver.expectEnd(8, saying: "locked by another process")
            try await half.sender.expectEnd(7, saying: "the other side cannot keep its journal")
            lock.release()
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            stage.expectSame()
        }
    }
}

/// The lock that writers of a database in WAL mode take: byte 120 of its shared memory.
private struct WriteLock {
    private let descriptor: Int32

    /// Waits for it; nil where there is no such file.
    init?(_ path: String) {
        descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var lock = flock(
            l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 120, l_len: 1, l_pid: 0)
        guard fcntl(descriptor, F_SETLKW, &lock) == 0 else { return nil }
    }

    func release() { close(descriptor) }
}

extension Stage {
    /// Moves what is in the write-ahead log into the journal's file, and removes the log.
    func foldJournal(_ home: String) throws {
        let journal = try DatabaseQueue(path: self(home + "/journal.sqlite"))
        _ = try journal.writeWithoutTransaction { db in try db.checkpoint(.truncate) }
        try journal.close()
    }

    func deleteJournal(_ home: String) {
        for suffix in ["", "-wal", "-shm"] { unlink(self(home + "/journal.sqlite" + suffix)) }
    }
}
