import Foundation
import GRDB
import MeshJournal
import MeshTransfer
import MeshWire
import Testing

@Suite struct CrashTests {
    /// What a SIGKILL leaves: the file and its WAL as they are, nothing closed, nothing checkpointed.
    @Test func committedGroupsSurviveAKill() async throws {
        try await withHome { home in
            let path = home + "/journal.sqlite"
            let journal = try await Journal(path: path, boot: "boot-a")
            try await journal.create(record(1, .receive))
            try await journal.append(files([chunk * 100]), to: transferID(1))
            for number in 0..<UInt64(20) {
                if number == 7 { try await journal.checkpoint() }
                try await journal.commit(group(number..<number + 1), to: transferID(1))
                let copy = try leave(path, at: home + "/killed-\(number)")
                let after = try await Journal(path: copy, boot: "boot-a")
                #expect(try await after.chunks(of: transferID(1), in: 0..<99, limit: 99) == chunks(0..<number + 1))
                try await after.close()
            }
            try await journal.close()
        }
    }

    /// A WAL cut off anywhere, as a loss of power may leave it: whole groups, and nothing after the cut.
    @Test func aTornLogEndsAtAWholeGroup() async throws {
        try await withHome { home in
            let path = home + "/journal.sqlite"
            let journal = try await Journal(path: path, boot: "boot-a")
            try await journal.create(record(1, .receive))
            try await journal.append(files([UInt64](repeating: 1, count: 2_000)), to: transferID(1))
            try await journal.checkpoint()
            for number in 0..<UInt64(5) {
                try await journal.commit(group(number * 400..<(number + 1) * 400), to: transferID(1))
            }
            let size = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? UInt64 ?? 0
            var seen: Set<Int> = []
            for cut in 0..<UInt64(16) {
                let copy = try leave(path, at: home + "/torn-\(cut)", log: size * cut / 16)
                let after = try await Journal(path: copy, boot: "boot-a")
                let held = try await after.chunks(of: transferID(1), in: 0..<2_000, limit: 2_000)
                #expect(held == chunks(0..<UInt64(held.count)))
                #expect(held.count % 400 == 0)
                seen.insert(held.count)
                try await after.close()
            }
            #expect(seen.count > 2)
            try await journal.close()
        }
    }

    private func leave(_ path: String, at folder: String, log bytes: UInt64? = nil) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let copy = folder + "/journal.sqlite"
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        try FileManager.default.copyItem(atPath: path + "-wal", toPath: copy + "-wal")
        if let bytes {
            let handle = try FileHandle(forWritingTo: URL(filePath: copy + "-wal"))
            try handle.truncate(atOffset: bytes)
            try handle.close()
        }
        return copy
    }
}
