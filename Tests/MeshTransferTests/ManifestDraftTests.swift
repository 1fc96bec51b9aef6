import MeshTransfer
import MeshWire
import Testing

/// In which order a sender's entries are written down.
@Suite struct ManifestDraftTests {
    private func files(_ sizes: UInt64...) -> [SourceEntry] { sources(sizes) }

    private func withdrawal(of number: UInt64) -> SourceEntry {
        SourceEntry(
            number: 0, manifest: ManifestEntry(kind: .withdrawal, path: [], size: number),
            identity: SourceIdentity(device: 0, inode: 0, changed: 0))
    }

    private func numbers(_ writes: [ManifestDraft.Write]) -> [String] {
        writes.map { write in
            switch write {
            case .append(let entries): entries.map { "\($0.number)/\($0.manifest.firstChunk)" }.joined(separator: " ")
            case .complete: "complete"
            case .length(let size, let entry): "length \(size) of \(entry)"
            }
        }
    }

    @Test func entriesAreNumberedAsTheyCome() throws {
        var draft = ManifestDraft(totals: ManifestTotals(), isComplete: false)
        #expect(numbers(try draft.walked(files(chunkSize + 1, 0), isLast: false)) == ["0/0 1/2"])
        #expect(numbers(try draft.walked(files(1), isLast: true)) == ["2/2", "complete"])
        #expect(draft.isComplete && draft.totals.chunks == 3)
    }

    /// A walk that a crash interrupts goes on behind the last entry, which must be its own; and its end must be known before
    /// anything comes behind it.
    @Test func amendmentsComeBehindTheWalksEnd() throws {
        var draft = ManifestDraft(totals: ManifestTotals(), isComplete: false)
        _ = try draft.walked(files(1), isLast: false)
        #expect(try draft.amended([withdrawal(of: 0)] + files(1)) == [])
        #expect(numbers(try draft.walked(files(1), isLast: true)) == ["1/1", "complete", "2/2 3/2"])
        #expect(numbers(try draft.amended([withdrawal(of: 3)])) == ["4/3"])
    }

    @Test func whatContradictsIsNotNumbered() {
        var draft = ManifestDraft(totals: ManifestTotals(), isComplete: true)
        #expect(throws: TransferError.tooManyFiles) { try draft.amended([withdrawal(of: 0)]) }
    }
}
