package import MeshWire
package import NIOCore

/// Carries out what `ReceiveSession` says over journal and disk, without a rule of its own: what goes to the pool blocks,
/// what goes to the journal is done one after the other in the order it was said.
package struct ReceiveWork: Sendable {
    package let ports: ReceivePorts

    package init(_ ports: ReceivePorts) {
        self.ports = ports
    }

    // MARK: in the journal

    /// A page's entries are kept; the earlier ones that it takes back are answered as they stand now.
    package func keepPage(_ entries: [ManifestEntry]) async throws -> ReceiveEvent {
        try await ports.journal.append(entries, to: ports.transfer)
        var withdrawn: [ReceivedEntry] = []
        for entry in entries where entry.kind == .withdrawal {
            withdrawn += try await ports.journal.receivedEntries(of: ports.transfer, from: entry.size, limit: 1)
        }
        return .pageKept(withdrawn: withdrawn)
    }

    /// Whether what will be written of the manifest has room.
    package func reckonRoom() async throws -> ReceiveEvent {
        var needed = RoomNeeded()
        let (sink, rule) = (ports.sink, ports.rules.onConflict)
        try await ports.eachBatch { entries in
            let found = try await ports.pool.blocking {
                try entries.map { entry throws(DiskError) -> ExistingFile? in
                    guard entry.manifest.kind == .file, entry.state.isUnderWay else { return nil }
                    // What has no folder of its name, or never can, has nothing in its place.
                    do throws(DiskError) { return try sink.existing(entry.manifest) } catch {
                        guard case .unfit = error else { throw error }
                        return nil
                    }
                }
            }
            for (entry, there) in zip(entries, found) { needed.add(entry, over: there, rule: rule) }
        }
        let free = try await ports.pool.blocking { try sink.freeSpace() }
        guard needed.bytes > free else { return .roomIsThere }
        return .diskFailed(.full(path: "the destination (\(needed.bytes) bytes are to be written, \(free) are free)"))
    }

    package func plan(from first: UInt64, limit: Int) async throws -> ReceiveEvent {
        try await ReceivePlanner(ports: ports).plan(from: first, limit: limit)
    }

    /// The group is permanent once this returns. With `fsync` its data reaches the disk first: a row must never tell of
    /// bytes that a power loss can take. `time`: wall clock, nanoseconds since 1970.
    package func commit(_ group: CommitGroup, at time: Int64) async throws -> ReceiveEvent {
        let sink = ports.sink
        if ports.rules.fsync { try await ports.pool.blocking { try sink.syncAll() } }
        try await ports.journal.commit(group.stamped(time), to: ports.transfer)
        if ports.rules.fsync { try await ports.journal.markDurable(group, of: ports.transfer) }
        return .committed
    }

    // MARK: on the pool

    /// A page's entries, within its bounds.
    package static func decodePage(first: UInt64, count: Int, rawLength: Int, deflated: ByteBuffer) -> ReceiveEvent {
        .pageDecoded(
            first: first,
            Result { () throws(WireError) in
                try ManifestPage.decode(count: count, rawLength: rawLength, deflated: deflated)
            })
    }

    /// Verifies and writes; the buffers are free afterwards whatever came of it.
    package func store(_ arrivals: [ChunkArrival], with decoder: inout ChunkDecoder) -> ReceiveEvent {
        var released: [LaneName: Int] = [:]
        var results: [ReceiveSession.Stored] = []
        results.reserveCapacity(arrivals.count)
        for arrival in arrivals {
            released[arrival.lane, default: 0] += arrival.chunk.cost
            let header = arrival.chunk.header
            results.append(
                ReceiveSession.Stored(
                    entry: arrival.entry.number, number: header.number, length: header.rawLength,
                    digest: header.digest, outcome: decoder.store(arrival, sink: ports.sink)))
        }
        return .stored(results, released: released)
    }

    package func makeParts(_ entries: [ReceivedEntry]) -> ReceiveEvent {
        var parts: [UInt64: PartIdentity] = [:]
        var refused: [UInt64: SkipReason] = [:]
        for entry in entries {
            do throws(DiskError) {
                parts[entry.number] = try ports.sink.write(entry, offset: 0, length: 0, slices: [])
            } catch {
                guard case .unfit(_, let reason) = error else { return .diskFailed(error) }
                refused[entry.number] = reason
            }
        }
        return .partsMade(parts, refused: refused)
    }

    package func finish(_ entries: [ReceivedEntry]) -> ReceiveEvent {
        var ended: [EndedEntry] = []
        for entry in entries {
            do throws(DiskError) {
                ended.append(try ports.sink.finish(entry, rule: ports.rules.onConflict))
            } catch {
                guard case .unfit(_, let reason) = error else { return .diskFailed(error) }
                ended.append(EndedEntry(skipped: entry.number, reason))
            }
        }
        return .finished(ended)
    }

    /// What cannot be removed is litter, not a failure.
    package func discard(_ entry: ReceivedEntry) -> ReceiveEvent {
        try? ports.sink.discard(entry)
        return .discarded
    }
}

extension CommitGroup {
    /// The session knows no wall clock: its records get their time where they are kept.
    fileprivate func stamped(_ time: Int64) -> CommitGroup {
        var group = self
        for index in group.retries.indices { group.retries[index].time = time }
        return group
    }
}

extension TransferJournal {
    /// Everything a group holds has reached the disk.
    func markDurable(_ group: CommitGroup, of id: TransferID) async throws {
        try await markDurable(chunks: group.chunkNumbers, entries: group.finishedEntries, of: id)
    }
}

extension CommitGroup {
    package var chunkNumbers: NumberSet { NumberSet(numbers: chunks.lazy.map(\.number)) }
    package var finishedEntries: [UInt64] { ended.filter { $0.state == .finished }.map(\.number) }
}
