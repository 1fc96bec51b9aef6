import MeshSimulation
import MeshTransfer
import MeshWire
import Testing

/// What a sender makes of a receipt: one file of one chunk, which the receiver has.
@Suite struct ReceiptCheckTests {
    private let id = TransferID(Bytes16())
    private let sender = NodeID(digest(1))
    private let receiver = NodeID(digest(2))
    private let disk = SimulatedDisk()
    private let journal = SimulatedJournal()
    private let there = SimulatedJournal()

    init() throws {
        disk.put(bytes("f0"), [7])
        for (journal, direction) in [(journal, TransferDirection.send), (there, .receive)] {
            try journal.create(TransferRecord(id: id, direction: direction, roots: [], created: 0, updated: 0))
        }
        let entry = try #require(disk.entry(bytes("f0")))
        try journal.append([entry], to: id)
        try there.append([entry.manifest], to: id)
        try there.commit(group, to: id)
    }

    /// The chunk's row as the receiver has it.
    private var group: CommitGroup {
        var group = CommitGroup()
        group.chunks = [ChunkRecord(number: 0, digest: [7].sha256)]
        return group
    }

    /// What the receiver signs, whose journal holds `there`.
    private func signed() async throws -> ReceiptRecord {
        let ports = ReceivePorts(
            transfer: id, journal: there, sink: SimulatedDisk(), pool: InlinePool(), rules: ReceiveRules(),
            isLocal: true)
        let completion = ReceiveCompletion(ports: ports, sender: sender, receiver: receiver) {
            ReceiptRecord(body: $0, signature: [], publicKey: [])
        }
        _ = try await completion.run(at: 1)
        return try #require(try there.receipt(of: id))
    }

    private func verdict(
        _ record: ReceiptRecord, skipped: [SkipReason: NumberSet] = [:], isSigned: Bool = true
    ) async throws -> String {
        let work = SendWork(transfer: id, journal: journal, source: disk, pool: InlinePool())
        let check = ReceiptCheck(work: work, sender: sender, receiver: receiver, receiverKey: []) { _ in isSigned }
        guard case .receiptChecked(let verdict) = try await check.run(record, skipped: skipped, at: 2) else {
            return "another event"
        }
        return switch verdict {
        case .proven: "proven"
        case .unproven(let changed): "unproven, \(changed.count) changed"
        case .wrong: "wrong"
        }
    }

    @Test func digestsThatWereLostAreReadAgain() async throws {
        #expect(try await verdict(signed()) == "proven")
        #expect(try journal.transfer(id)?.state == .done)
        #expect(try journal.receipt(of: id) != nil)
    }

    @Test func whatCannotBeReadAgainIsUnprovenAndNotWrong() async throws {
        disk.put(bytes("f0"), [8])
        #expect(try await verdict(signed()) == "unproven, 1 changed")
        #expect(try journal.transfer(id)?.state == .active)
    }

    /// Left out in its first form, taken back since its source was edited, and there in the next one.
    @Test func whatWasLeftOutAndTakenBackIsNotCounted() async throws {
        disk.put(bytes("f1"), [8, 8])
        let fat = try #require(disk.entry(bytes("f1")))
        disk.put(bytes("f1"), [9])
        let fresh = try #require(disk.entry(bytes("f1")))
        let back = SourceEntry(number: 0, manifest: ManifestEntry(withdrawing: 1, isGone: false), identity: .none)
        for (number, entry) in zip(UInt64(1)..., [fat, back, fresh]) {
            var (source, manifest) = (entry, entry.manifest)
            manifest.firstChunk = try journal.transfer(id)?.totals.chunks ?? 0
            (source.number, source.manifest) = (number, manifest)
            try journal.append([source], to: id)
            try there.append([manifest], to: id)
        }
        var group = CommitGroup()
        group.chunks = [ChunkRecord(number: 2, digest: [9].sha256)]
        try there.commit(group, to: id)
        #expect(try await verdict(signed(), skipped: [.size: set(1)]) == "proven")
        #expect(try journal.transfer(id)?.state == .done)
    }

    /// What was added since is on its way, and another receipt will come.
    @Test func aManifestThatHasGrownWaitsForAnotherReceipt() async throws {
        let record = try await signed()
        let withdrawal = ManifestEntry(kind: .withdrawal, path: [], size: 0, firstChunk: 1)
        let identity = SourceIdentity(device: 0, inode: 0, changed: 0)
        try journal.append([SourceEntry(number: 1, manifest: withdrawal, identity: identity)], to: id)
        #expect(try await verdict(record) == "unproven, 0 changed")
    }

    /// A power loss took what was signed, and the rule leaves the file out now: another receipt, which says so.
    @Test func aReceiptThatIsTrueNoMoreIsSignedAnew() async throws {
        let first = try await signed()
        #expect(try await signed() == first, "as long as nothing changes it is the same")
        var group = CommitGroup()
        group.ended = [EndedEntry(skipped: 0, .older)]
        try there.commit(group, to: id)
        let second = try await signed()
        #expect(try Receipt(reading: second.body).skipped == 1)
        #expect(try await verdict(second, skipped: [.older: set(0)]) == "proven")
    }

    @Test func anotherRootASignatureOrACountIsWrong() async throws {
        let record = try await signed()
        #expect(try await verdict(record, isSigned: false) == "wrong")
        #expect(try await verdict(record, skipped: [.exists: set(0)]) == "wrong")
        var receipt = try Receipt(reading: record.body)
        receipt.root = digest(9)
        let other = ReceiptRecord(body: receipt.encoded(), signature: [], publicKey: [])
        #expect(try await verdict(other) == "wrong")
        #expect(try journal.receipt(of: id) == nil)
    }

    /// What the sender could not offer is counted by both, and makes the end a partial one.
    @Test func anOmissionIsPartOfTheReceipt() async throws {
        let omission = ManifestEntry(omitting: bytes("f1"), .sourceDenied)
        var entry = omission
        entry.firstChunk = 1
        let identity = SourceIdentity(device: 0, inode: 0, changed: 0)
        try journal.append([SourceEntry(number: 1, manifest: entry, identity: identity)], to: id)
        try there.append([entry], to: id)
        let record = try await signed()
        #expect(try Receipt(reading: record.body).skipped == 1)
        #expect(try await verdict(record) == "proven")
        for side in [journal, there] { #expect(try side.transfer(id)?.state == .partial) }
    }

    /// It came, under another name: nothing of it is missing from the root.
    @Test func whatGotAnotherNameSinceNamesAreFoldedCounts() async throws {
        #expect(try await verdict(signed(), skipped: [.folded: set(0)]) == "proven")
        #expect(try journal.transfer(id)?.state == .done)
    }
}
