import MeshJournal
import MeshTransfer
import MeshWire
import Testing

@testable import PrimeMesh

@Suite struct ManifestWriterTests {
    private func withWriter(_ body: (ManifestWriter, Journal, TransferID) async throws -> Void) async throws {
        try await withJournal { journal in
            let record = transferRecord(.send)
            try await journal.create(record)
            try await body(ManifestWriter(journal: journal, record: record), journal, record.id)
        }
    }

    private func withdrawal(of number: UInt64) -> SourceEntry {
        SourceEntry(
            number: 0, manifest: ManifestEntry(kind: .withdrawal, path: [], size: number),
            identity: SourceIdentity(device: 0, inode: 0, changed: 0))
    }

    @Test func numbersInTheOrderOfTheWalk() async throws {
        try await withWriter { writer, journal, id in
            try await writer.append([walked("a", size: 300_000), walked("b", size: 0)], complete: false)
            try await writer.append([walked("c")], complete: true)
            let entries = try await journal.sourceEntries(of: id, from: 0, limit: 10)
            #expect(entries.map(\.number) == [0, 1, 2])
            // 300,000 bytes are two chunks of 256 KiB; an empty file has none.
            #expect(entries.map(\.manifest.firstChunk) == [0, 2, 2])
            let record = try #require(try await journal.transfer(id))
            #expect(record.isManifestComplete && record.totals.chunks == 3 && record.totals.files == 3)
            #expect(await writer.totals == record.totals)
        }
    }

    /// A walk that is interrupted goes on behind the last entry, which must be its own.
    @Test func amendmentsWaitForTheEndOfTheWalk() async throws {
        try await withWriter { writer, journal, id in
            try await writer.append([walked("a")], complete: false)
            try await writer.amend([withdrawal(of: 0), walked("a")])
            #expect(try await journal.sourceEntries(of: id, from: 0, limit: 10).count == 1)
            try await writer.append([walked("b")], complete: false)
            try await writer.append([], complete: true)
            let kinds = try await journal.sourceEntries(of: id, from: 0, limit: 10).map(\.manifest.kind)
            #expect(kinds == [.file, .file, .withdrawal, .file])
            #expect(try await journal.withdrawnEntries(of: id).contains(0))
            #expect(try #require(try await journal.transfer(id)).isManifestComplete)
        }
    }

    @Test func amendmentsAfterTheEndComeAtOnce() async throws {
        try await withWriter { writer, journal, id in
            try await writer.append([walked("a")], complete: true)
            try await writer.amend([withdrawal(of: 0)])
            #expect(try await journal.sourceEntries(of: id, from: 0, limit: 10).count == 2)
            #expect(try #require(try await journal.transfer(id)).isManifestComplete)
        }
    }

    @Test func appendsAtOnceKeepTheirNumbers() async throws {
        try await withWriter { writer, journal, id in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<20 {
                    group.addTask { try await writer.append((0..<5).map { walked("\(index)-\($0)") }, complete: false) }
                }
                try await group.waitForAll()
            }
            let entries = try await journal.sourceEntries(of: id, from: 0, limit: 200)
            #expect(entries.map(\.number) == Array(0..<100) && entries.map(\.manifest.firstChunk) == Array(0..<100))
        }
    }

    @Test func listenersHearHowFarItIs() async throws {
        try await withWriter { writer, _, _ in
            let heard = Collected<String>()
            let name = Bytes16([UInt8](repeating: 1, count: 16))!
            try await writer.append([walked("a")], complete: false)
            await writer.listen(name) { event in
                guard case .manifestGrew(let totals, let isComplete) = event else { return }
                heard.add("\(totals.entries) \(isComplete)")
            }
            try await writer.append([walked("b")], complete: true)
            await writer.ignore(name)
            try await writer.amend([walked("c")])
            #expect(heard.values == ["1 false", "2 true"])
        }
    }

    @Test func whatCouldNotBeReadIsTakenBackOnce() async throws {
        try await withWriter { writer, journal, id in
            let open = ManifestEntry(open: bytes("kernel"), mode: 0o400, seconds: 1, nanoseconds: 0)
            try await writer.append(
                [SourceEntry(number: 0, manifest: open, identity: SourceIdentity(device: 0, inode: 0, changed: 0))],
                complete: true)
            let entry = try #require(try await journal.sourceEntries(of: id, from: 0, limit: 1).first)
            let heard = Collected<String>()
            await writer.listen(Bytes16([UInt8](repeating: 1, count: 16))!) { event in
                switch event {
                case .openGrew(let file): heard.add("grew \(file.source.number)")
                case .openLost(let entry): heard.add("lost \(entry.number)")
                default: break
                }
            }
            try await writer.lost(entry, SendWork.omission(of: entry, .denied(path: "kernel", errno: 13)))
            await writer.listen(Bytes16([UInt8](repeating: 2, count: 16))!) { event in
                if case .openGrew = event { heard.add("grew again") }
            }
            #expect(heard.values == ["grew 0", "lost 0"])
            let kinds = try await journal.sourceEntries(of: id, from: 0, limit: 10).map(\.manifest.kind)
            #expect(kinds == [.file, .withdrawal, .omission])
        }
    }
}
