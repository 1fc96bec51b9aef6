import MeshTransfer
import MeshWire
import Testing

/// What every `TransferJournal` must do, whatever it keeps its rows in. `make` answers a new, empty journal.
func conformance(_ make: () async throws -> some TransferJournal) async throws {
    try await keepsTransfers(make())
    try await keepsSourceEntries(make())
    try await keepsReceivedEntries(make())
    try await findsFoldersFromTheDeepestOn(make())
    try await keepsWhereFoldersComeFrom(make())
    try await refusesNumbersThatDoNotContinue(make())
    try await withdraws(make())
    try await keepsOmissions(make())
    try await findsFilesByChunk(make())
    try await commitsGroups(make())
    try await commitsAllOrNothing(make())
    try await forgetsAndReopens(make())
    try await acknowledges(make())
    try await completes(make())
    try await tellsWhetherAllIsDurable(make())
    try await keepsLengthsOnceTheyAreTold(make())
}

private func keepsLengthsOnceTheyAreTold(_ journal: some TransferJournal) async throws {
    let pipe = ManifestEntry(open: bytes("pipe"), mode: 0o600, seconds: 1, nanoseconds: 2)
    var behind = files([5])[0]
    behind.firstChunk = Limits.openRoom
    try await journal.create(record(1, .send))
    try await journal.append(source([pipe, behind]), to: transferID(1))
    #expect(try await journal.sourceEntries(of: transferID(1), from: 0, limit: 1).first?.manifest == pipe)
    #expect(try await journal.sourceFiles(of: transferID(1), holding: 99, limit: 9).map(\.number) == [0, 1])
    try await journal.setLength(600_000, ofEntry: 0, of: transferID(1))
    var told = pipe
    _ = told.tell(600_000)
    #expect(try await journal.sourceEntries(of: transferID(1), from: 0, limit: 1).first?.manifest == told)
    let totals = try #require(try await journal.transfer(transferID(1))).totals
    #expect(totals.bytes == 600_005 && totals.chunks == Limits.openRoom + 1)
    for number in [UInt64(0), 1, 2] {
        await #expect(throws: (any Error).self, "told already, known from the start, or not there") {
            try await journal.setLength(1, ofEntry: number, of: transferID(1))
        }
    }

    try await journal.create(record(2, .receive))
    try await journal.append([pipe, behind], to: transferID(2))
    var group = CommitGroup()
    group.chunks = [ChunkRecord(number: 2, digest: digest(2))]
    group.lengths = [0: 600_000]
    group.sealed = [0]
    try await journal.commit(group, to: transferID(2))
    let entry = try #require(try await journal.receivedEntries(of: transferID(2), from: 0, limit: 1).first)
    #expect(entry.manifest == told && entry.state == .sealed)
    #expect(try await journal.transfer(transferID(2))?.totals.bytes == 600_005)
    await #expect(throws: (any Error).self) { try await journal.commit(group, to: transferID(2)) }
}

private func tellsWhetherAllIsDurable(_ journal: some TransferJournal) async throws {
    try await journal.create(record(1, .receive))
    try await journal.append(files([1]), to: transferID(1))
    var group = CommitGroup()
    group.chunks = [ChunkRecord(number: 0, digest: digest(1))]
    group.ended = [EndedEntry(number: 0, state: .finished)]
    try await journal.commit(group, to: transferID(1))
    try await journal.flushManifest(of: transferID(1), through: 1)
    #expect(try await !journal.isDurable(transferID(1)))
    try await journal.markDurable(chunks: NumberSet(0..<1), entries: [], of: transferID(1))
    #expect(try await !journal.isDurable(transferID(1)))
    try await journal.markDurable(chunks: NumberSet(), entries: [0], of: transferID(1))
    #expect(try await journal.isDurable(transferID(1)))
}

private func keepsWhereFoldersComeFrom(_ journal: some TransferJournal) async throws {
    try await journal.create(record(1, .receive))
    let folders = ["a", "b", "c"].map { ManifestEntry(kind: .folder, path: bytes($0), mode: 0o755, seconds: 1) }
    try await journal.append(folders, to: transferID(1))
    var group = CommitGroup()
    group.origins = [0: .made, 1: .there(mode: 0o2770)]
    try await journal.commit(group, to: transferID(1))
    let origins = try await journal.receivedEntries(of: transferID(1), from: 0, limit: 9).map(\.origin)
    #expect(origins == [.made, .there(mode: 0o2770), nil])
    #expect(try await journal.withdrawnOrigin(at: bytes("a"), of: transferID(1)) == nil, "it was not taken back")
    try await journal.append([ManifestEntry(withdrawing: 1, isGone: false)], to: transferID(1))
    #expect(try await journal.withdrawnOrigin(at: bytes("b"), of: transferID(1)) == .there(mode: 0o2770))
}

private func keepsTransfers(_ journal: some TransferJournal) async throws {
    var record = record(1, .receive, peer: nodeID(2), code: Bytes16([UInt8](repeating: 9, count: 16)))
    record.roots = [[0x2f, 0xff, 0xfe], bytes("/b c")]
    record.options = bytes("{}")
    record.message = "halted"
    try await journal.create(record)
    #expect(try await journal.transfer(record.id) == record)
    #expect(try await journal.transfer(transferID(2)) == nil)
    await #expect(throws: (any Error).self) { try await journal.create(record) }

    try await journal.setState(.paused, message: nil, of: record.id, at: 2_000)
    try await journal.setPeer(nodeID(3), of: record.id)
    try await journal.setManifest(complete: true, of: record.id)
    let changed = try #require(try await journal.transfer(record.id))
    #expect(changed.state == .paused)
    #expect(changed.message == nil)
    #expect(changed.updated == 2_000)
    #expect(changed.created == 1_000)
    #expect(changed.peer == nodeID(3))
    #expect(changed.isManifestComplete)
    try await journal.setManifest(complete: false, of: record.id)
    #expect(try await journal.transfer(record.id)?.isManifestComplete == false)
    await #expect(throws: (any Error).self) {
        try await journal.setState(.done, message: nil, of: transferID(2), at: 3_000)
    }
}

private func keepsSourceEntries(_ journal: some TransferJournal) async throws {
    try await journal.create(record(1, .send))
    var entries = files([0, 1, chunk * 2 + 1])
    entries.append(ManifestEntry(kind: .folder, path: [0x64, 0xff], mode: 0o755, seconds: -1, firstChunk: 4))
    entries.append(ManifestEntry(kind: .link, path: bytes("l"), mode: 0o777, target: [0xfe], firstChunk: 4))
    let sources = source(entries)
    try await journal.append(Array(sources[0..<2]), to: transferID(1))
    try await journal.append(Array(sources[2...]), to: transferID(1))
    #expect(try await journal.sourceEntries(of: transferID(1), from: 0, limit: 10) == sources)
    #expect(try await journal.sourceEntries(of: transferID(1), from: 1, limit: 2) == Array(sources[1..<3]))
    #expect(try await journal.sourceEntries(of: transferID(1), from: 5, limit: 10) == [])
    #expect(try await journal.sourceEntries(of: transferID(1), from: .max, limit: 10) == [])
    let totals = try #require(try await journal.transfer(transferID(1))).totals
    #expect(totals.entries == 5)
    #expect(totals.files == 3)
    #expect(totals.chunks == 4)
    #expect(totals.bytes == chunk * 2 + 2)
}

private func keepsReceivedEntries(_ journal: some TransferJournal) async throws {
    try await journal.create(record(1, .receive))
    let entries = files([1, 2, 3])
    try await journal.append(entries, to: transferID(1))
    let expected = entries.enumerated().map { ReceivedEntry(number: UInt64($0.offset), manifest: $0.element) }
    #expect(try await journal.receivedEntries(of: transferID(1), from: 1, limit: 10) == Array(expected[1...]))
}

private func findsFoldersFromTheDeepestOn(_ journal: some TransferJournal) async throws {
    try await journal.create(record(1, .receive))
    var entries = files([1, 2])
    for name in ["a", "b", "c"] {
        entries.insert(
            ManifestEntry(kind: .folder, path: bytes(name), mode: 0o755, firstChunk: 1), at: entries.count - 1)
    }
    try await journal.append(entries, to: transferID(1))
    func found(_ last: UInt64, _ limit: Int) async throws -> [UInt64] {
        try await journal.receivedFolders(of: transferID(1), downFrom: last, limit: limit).map(\.number)
    }
    #expect(try await found(.max, 10) == [3, 2, 1])
    #expect(try await found(.max, 2) == [3, 2])
    #expect(try await found(2, 10) == [2, 1])
    #expect(try await found(0, 10) == [])
}

private func refusesNumbersThatDoNotContinue(_ journal: some TransferJournal) async throws {
    try await journal.create(record(1, .send))
    try await journal.create(record(2, .receive))
    let entries = files([chunk, chunk])
    await #expect(throws: (any Error).self) { try await journal.append(source(entries, from: 1), to: transferID(1)) }
    // The second entry's first chunk is 1, and nothing is before it.
    await #expect(throws: (any Error).self) { try await journal.append([entries[1]], to: transferID(2)) }
    // A refused page leaves nothing behind, not even its good entries.
    await #expect(throws: (any Error).self) { try await journal.append([entries[0], entries[0]], to: transferID(2)) }
    #expect(try await journal.transfer(transferID(2))?.totals == ManifestTotals())
    #expect(try await journal.receivedEntries(of: transferID(2), from: 0, limit: 10) == [])
    let backwards = ManifestEntry(kind: .withdrawal, path: [], size: 0)
    await #expect(throws: (any Error).self) { try await journal.append([backwards], to: transferID(2)) }
}

private func withdraws(_ journal: some TransferJournal) async throws {
    for (number, direction) in [(UInt8(1), TransferDirection.send), (2, .receive)] {
        try await journal.create(record(number, direction))
        var entries = files([chunk, chunk, chunk])
        entries.append(ManifestEntry(kind: .withdrawal, path: [], size: 1, firstChunk: 3))
        if direction == .send { try await journal.append(source(entries), to: transferID(number)) }
        if direction == .receive { try await journal.append(entries, to: transferID(number)) }
        #expect(try await journal.withdrawnEntries(of: transferID(number)) == NumberSet(1..<2))
    }
    let left = try await journal.sourceFiles(of: transferID(1), holding: 0, limit: 10)
    #expect(left.map(\.number) == [0, 2])
    // What comes too late for a withdrawn entry changes nothing.
    var late = CommitGroup()
    late.sealed = [1]
    try await journal.commit(late, to: transferID(2))
    #expect(try await journal.receivedEntries(of: transferID(2), from: 1, limit: 1).first?.state == .withdrawn)
}

/// What is not offered has nothing to come, and may be offered later.
private func keepsOmissions(_ journal: some TransferJournal) async throws {
    let deep = [UInt8](repeating: 97, count: 200)
    let path = Array([[UInt8]](repeating: deep, count: 21).joined(separator: [UInt8(ascii: "/")]))
    let entries = [ManifestEntry(omitting: path, .tooDeep), ManifestEntry(omitting: [98], .sourceDenied)]
    let withdrawal = ManifestEntry(withdrawing: 1, isGone: false)
    try await journal.create(record(1, .send))
    try await journal.append(source(entries + [withdrawal]), to: transferID(1))
    #expect(try await journal.sourceEntries(of: transferID(1), from: 0, limit: 2).map(\.manifest) == entries)
    try await journal.create(record(2, .receive))
    try await journal.append(entries, to: transferID(2))
    let received = try await journal.receivedEntries(of: transferID(2), from: 0, limit: 9)
    #expect(received.map(\.manifest) == entries)
    #expect(received.map(\.state) == [.skipped, .skipped] && received.map(\.reason) == [.tooDeep, .sourceDenied])
    try await journal.append([withdrawal], to: transferID(2))
    let states = try await journal.receivedEntries(of: transferID(2), from: 0, limit: 9).map(\.state)
    #expect(states == [.skipped, .withdrawn, .open])
}

private func findsFilesByChunk(_ journal: some TransferJournal) async throws {
    try await journal.create(record(1, .send))
    // Chunks 0; none; 1, 2, 3; 4.
    try await journal.append(source(files([1, 0, chunk * 3, 5])), to: transferID(1))
    func numbers(_ chunk: UInt64, _ limit: Int) async throws -> [UInt64] {
        try await journal.sourceFiles(of: transferID(1), holding: chunk, limit: limit).map(\.number)
    }
    #expect(try await numbers(0, 10) == [0, 2, 3])
    #expect(try await numbers(1, 10) == [2, 3])
    #expect(try await numbers(3, 1) == [2])
    #expect(try await numbers(4, 10) == [3])
    #expect(try await numbers(5, 10) == [])
}

private func commitsGroups(_ journal: some TransferJournal) async throws {
    try await journal.create(record(1, .receive))
    try await journal.append(files([chunk * 2, 0]), to: transferID(1))
    var first = group(0..<2)
    first.parts = [0: part]
    first.sealed = [0]
    first.retries = [RetryRecord(subject: .chunk(1), reason: "digest", time: 4)]
    try await journal.commit(first, to: transferID(1))
    #expect(try await journal.chunks(of: transferID(1), in: 0..<9, limit: 9) == chunks(0..<2))
    #expect(try await journal.chunks(of: transferID(1), in: 1..<9, limit: 9) == chunks(1..<2))
    #expect(try await journal.chunks(of: transferID(1), in: 0..<9, limit: 1) == chunks(0..<1))
    func entry(_ number: UInt64) async throws -> ReceivedEntry? {
        try await journal.receivedEntries(of: transferID(1), from: number, limit: 1).first
    }
    #expect(try await entry(0)?.state == .sealed)
    #expect(try await entry(0)?.part == part)

    let final = PartIdentity(device: 1, inode: 2, born: 0)
    var second = CommitGroup()
    second.finishing = [0: final]
    try await journal.commit(second, to: transferID(1))
    #expect(try await entry(0)?.state == .finishing)
    #expect(try await entry(0)?.part == final)

    var third = CommitGroup()
    third.ended = [EndedEntry(number: 0, state: .finished, finalName: [0xff]), EndedEntry(number: 1, state: .skipped)]
    try await journal.commit(third, to: transferID(1))
    #expect(try await entry(0)?.state == .finished)
    #expect(try await entry(0)?.finalName == [0xff])
    #expect(try await entry(1)?.state == .skipped)

    try await journal.markDurable(chunks: NumberSet(1..<2), entries: [0], of: transferID(1))
    #expect(try await entry(0)?.isDurable == true)
    #expect(try await entry(1)?.isDurable == false)
    #expect(try await journal.chunks(of: transferID(1), in: 0..<9, limit: 9).map(\.isSynced) == [false, true])
    try await journal.record(
        [RetryRecord(subject: .lane(prime: 1009), reason: "lane lost", time: 5)], of: transferID(1))
}

private func commitsAllOrNothing(_ journal: some TransferJournal) async throws {
    try await journal.create(record(1, .receive))
    try await journal.append(files([chunk]), to: transferID(1))
    await #expect(throws: (any Error).self) { try await journal.commit(group(0..<2), to: transferID(1)) }
    var unknown = group(0..<1)
    unknown.sealed = [1]
    await #expect(throws: (any Error).self) { try await journal.commit(unknown, to: transferID(1)) }
    #expect(try await journal.chunks(of: transferID(1), in: 0..<9, limit: 9) == [])
    await #expect(throws: (any Error).self) { try await journal.commit(group(0..<1), to: transferID(2)) }
}

private func forgetsAndReopens(_ journal: some TransferJournal) async throws {
    try await journal.create(record(1, .receive))
    try await journal.append(files([chunk * 4]), to: transferID(1))
    var all = group(0..<4)
    all.parts = [0: part]
    all.finishing = [0: part]
    try await journal.commit(all, to: transferID(1))
    try await journal.forget(chunks: NumberSet([0..<1, 2..<3]), of: transferID(1))
    #expect(try await journal.chunks(of: transferID(1), in: 0..<9, limit: 9).map(\.number) == [1, 3])
    try await journal.reopen(entry: 0, of: transferID(1))
    let entry = try #require(try await journal.receivedEntries(of: transferID(1), from: 0, limit: 1).first)
    #expect(entry.state == .open)
    #expect(entry.part == nil)
    // Written again, with other bytes this time.
    var again = CommitGroup()
    again.chunks = [ChunkRecord(number: 2, digest: digest(99))]
    try await journal.commit(again, to: transferID(1))
    #expect(try await journal.chunks(of: transferID(1), in: 2..<3, limit: 9) == again.chunks)
}

private func acknowledges(_ journal: some TransferJournal) async throws {
    try await journal.create(record(1, .send))
    try await journal.append(source(files([chunk * 3])), to: transferID(1))
    try await journal.acknowledge(chunks(1..<3), of: transferID(1))
    try await journal.acknowledge(chunks(1..<2), of: transferID(1))
    #expect(try await journal.chunks(of: transferID(1), in: 0..<9, limit: 9) == chunks(1..<3))
    await #expect(throws: (any Error).self) { try await journal.acknowledge(chunks(3..<4), of: transferID(1)) }
}

private func completes(_ journal: some TransferJournal) async throws {
    try await journal.create(record(1, .receive))
    try await journal.append(files([chunk * 3, 7]), to: transferID(1))
    try await journal.commit(group(0..<4), to: transferID(1))
    try await journal.markDurable(chunks: NumberSet(0..<2), entries: [], of: transferID(1))
    #expect(try await journal.receipt(of: transferID(1)) == nil)
    let before = try await journal.chunks(of: transferID(1), in: 0..<9, limit: 9)
    try await journal.complete(transferID(1), state: .partial, receipt: receipt, at: 9_000)
    #expect(try await journal.receipt(of: transferID(1)) == receipt)
    #expect(try await journal.transfer(transferID(1))?.state == .partial)
    #expect(try await journal.transfer(transferID(1))?.updated == 9_000)
    #expect(try await journal.chunks(of: transferID(1), in: 0..<9, limit: 9) == before)
    #expect(try await journal.chunks(of: transferID(1), in: 1..<3, limit: 1) == Array(before[1..<2]))
    // A later receipt, for the same data once it is durable, takes its place.
    let later = ReceiptRecord(body: [9], signature: [8], publicKey: [7])
    try await journal.complete(transferID(1), state: .done, receipt: later, at: 10_000)
    #expect(try await journal.receipt(of: transferID(1)) == later)
    #expect(try await journal.transfer(transferID(1))?.state == .done)
    #expect(try await journal.chunks(of: transferID(1), in: 0..<9, limit: 9) == before)
}
