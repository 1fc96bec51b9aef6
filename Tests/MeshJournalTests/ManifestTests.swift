import MeshJournal
import MeshTransfer
import MeshWire
import Testing

@Suite struct ManifestTests {
    @Test func aHundredThousandEntriesAreReadByCursor() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .send))
            var totals = ManifestTotals()
            for page in 0..<UInt64(20) {
                let entries = (0..<UInt64(5_000)).map { index in
                    let entry = ManifestEntry(
                        kind: .file, path: bytes("folder-\(page)/file-\(index)"), size: index % 3 * chunk,
                        firstChunk: totals.chunks)
                    _ = totals.add(entry)
                    return entry
                }
                try await journal.append(source(entries, from: page * 5_000), to: transferID(1))
            }
            #expect(try await journal.transfer(transferID(1))?.totals == totals)

            var next: UInt64 = 0
            while true {
                let page = try await journal.sourceEntries(of: transferID(1), from: next, limit: 4_096)
                #expect(page.count <= 4_096)
                #expect(page.first.map { $0.number == next } ?? true)
                guard let last = page.last else { break }
                next = last.number + 1
            }
            #expect(next == 100_000)
            for chunk in stride(from: UInt64(0), to: totals.chunks, by: 9_973) {
                let file = try #require(
                    try await journal.sourceFiles(of: transferID(1), holding: chunk, limit: 1).first)
                #expect(FilePlan(entry: file.number, manifest: file.manifest).chunks.contains(chunk))
            }
        }
    }

    @Test func entriesBelongToOneSide() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .send))
            try await journal.create(record(2, .receive))
            for attempt: () async throws -> Void in [
                { try await journal.append(files([1]), to: transferID(1)) },
                { try await journal.append(source(files([1])), to: transferID(2)) },
                { try await journal.commit(group(0..<1), to: transferID(1)) },
                { try await journal.acknowledge(chunks(0..<1), of: transferID(2)) },
                { _ = try await journal.sourceEntries(of: transferID(2), from: 0, limit: 1) },
                { _ = try await journal.receivedEntries(of: transferID(1), from: 0, limit: 1) },
            ] {
                guard case .refused = await journalError(attempt) else {
                    Issue.record("an entry of the other side was taken")
                    return
                }
            }
        }
    }

    @Test func whatTheSchemaForbidsIsRefused() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .send))
            let setuid = ManifestEntry(kind: .file, path: bytes("x"), mode: 0o4755)
            guard
                case .refused(let what) = await journalError({
                    try await journal.append(source([setuid]), to: transferID(1))
                })
            else {
                Issue.record("a setuid bit was kept")
                return
            }
            #expect(what.contains("mode"))
            let folder = ManifestEntry(kind: .folder, path: bytes("d"))
            let withdrawals = [0, 1].map { ManifestEntry(withdrawing: $0, isGone: false) }
            guard
                case .refused = await journalError({
                    try await journal.append(source([folder] + withdrawals), to: transferID(1))
                })
            else {
                Issue.record("a withdrawal was withdrawn")
                return
            }
        }
    }

    @Test func anUnknownTransferIsNamed() async throws {
        try await withJournal { journal in
            let error = await journalError { _ = try await journal.chunks(of: transferID(7), in: 0..<1, limit: 1) }
            #expect(error == .unknownTransfer(transferID(7)))
            #expect(error?.description.contains(transferID(7).description) == true)
        }
    }
}
