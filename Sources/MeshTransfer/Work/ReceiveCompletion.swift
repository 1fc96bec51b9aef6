package import MeshWire

/// Answers `complete`: links, then folders deepest first, then the root, then the signed receipt, kept before it is sent.
package struct ReceiveCompletion: Sendable {
    let ports: ReceivePorts
    let sender: NodeID
    let receiver: NodeID
    /// Signs a receipt's bytes with the node's key: the receipt as it is kept.
    let sign: @Sendable ([UInt8]) throws -> ReceiptRecord

    package init(
        ports: ReceivePorts, sender: NodeID, receiver: NodeID,
        sign: @escaping @Sendable ([UInt8]) throws -> ReceiptRecord
    ) {
        self.ports = ports
        self.sender = sender
        self.receiver = receiver
        self.sign = sign
    }

    private static let batch = 1_024

    /// `time`: wall clock, nanoseconds since 1970.
    package func run(at time: Int64) async throws -> ReceiveEvent {
        try await makeLinks(at: time)
        try await finishFolders(at: time)
        let (reasons, omitted) = try await leftOut()
        let leftOut = reasons.values.reduce(NumberSet()) { $0.union($1) }
        let folded = try await FoldedNames(ports: ports).find()
        let told = Self.told(reasons, folded)
        if let answer = try await kept(told, skipped: leftOut.count + omitted) { return answer }
        let computed = try await RootComputation(
            journal: ports.journal, transfer: ports.transfer, direction: .receive, skipped: leftOut
        ).result()
        guard computed.missing.isEmpty else { throw TransferError.digestsMissing }
        let receipt = Receipt(
            sender: sender, receiver: receiver, transfer: ports.transfer, root: computed.root,
            entries: computed.entries, bytes: computed.bytes, chunks: computed.chunks,
            skipped: leftOut.count + computed.omitted.count,
            isDurable: try await ports.journal.isDurable(ports.transfer), time: time)
        let body = receipt.encoded()
        let record = try sign(body)
        try await ports.journal.noteSkipped(folded.merging([.changing: computed.lost]) { $1 }, of: ports.transfer)
        let isWhole = !told.isMissed && computed.lost.isEmpty && computed.omitted.isEmpty
        try await ports.journal.complete(
            ports.transfer, state: isWhole ? .done : .partial, receipt: record, at: time)
        return .completed(receipt, skipped: told, message: .receipt(body: body, signature: record.signature))
    }

    /// Of an entry with two reasons the one that its name has given it.
    private static func told(
        _ reasons: [SkipReason: NumberSet], _ folded: [SkipReason: NumberSet]
    ) -> [SkipReason: NumberSet] {
        let better = folded.values.reduce(NumberSet()) { $0.union($1) }
        return reasons.mapValues { $0.subtracting(better) }.merging(folded) { $0.union($1) }
            .filter { !$0.value.isEmpty }
    }

    /// The same answer as at the first time, for a sender that never got it; nil where it is none any more: the manifest has grown
    /// since, or after a power loss files were left out that had been here. `skipped`: entries that are left out now.
    private func kept(_ told: [SkipReason: NumberSet], skipped: UInt64) async throws -> ReceiveEvent? {
        guard let kept = try await ports.journal.receipt(of: ports.transfer) else { return nil }
        let receipt = try Receipt(reading: kept.body)
        guard try await receipt.entries == entryCount(), receipt.skipped == skipped else { return nil }
        return .completed(receipt, skipped: told, message: .receipt(body: kept.body, signature: kept.signature))
    }

    /// What was left out here, all kinds of entries, and how many the sender left out, which knows them.
    private func leftOut() async throws -> (reasons: [SkipReason: NumberSet], omitted: UInt64) {
        var ranges: [SkipReason: [Range<UInt64>]] = [:]
        var omitted: UInt64 = 0
        try await ports.eachBatch { entries in
            for entry in entries where entry.state == .skipped {
                guard entry.manifest.kind != .omission else {
                    omitted += 1
                    continue
                }
                ranges[entry.reason ?? .exists, default: []].append(entry.number..<entry.number + 1)
            }
        }
        return (ranges.mapValues { NumberSet($0) }, omitted)
    }

    /// Links that the machine's end may have taken are made once more: where one stands nothing changes, and what was decided
    /// on stays so.
    private func makeLinks(at time: Int64) async throws {
        let (sink, rules) = (ports.sink, ports.rules)
        try await ports.eachBatch { entries in
            let links = entries.filter {
                $0.manifest.kind == .link && ($0.state == .open || $0.state == .finished && !$0.isDurable)
            }
            guard !links.isEmpty else { return }
            let ended = try await ports.pool.blocking {
                try links.map { link in
                    do throws(DiskError) {
                        return try sink.makeLink(link, rule: rules.onConflict, allowOutside: rules.allLinks)
                    } catch {
                        guard case .unfit(_, let reason) = error else { throw error }
                        return EndedEntry(skipped: link.number, reason)
                    }
                }
            }
            var group = CommitGroup()
            group.ended = zip(links, ended).filter { $0.0.state == .open }.map(\.1)
            if !group.isEmpty { _ = try await ReceiveWork(ports).commit(group, at: time) }
        }
    }

    /// Numbers grow with depth, so that going down them meets the deepest folders first. Those that were taken back and hold
    /// nothing go, unless they were added anew, behind.
    private func finishFolders(at time: Int64) async throws {
        let sink = ports.sink
        var last = try await entryCount()
        let hasWithdrawn = try await !ports.journal.withdrawnEntries(of: ports.transfer).isEmpty
        var live = Set<[UInt8]>()
        while last > 0 {
            let folders = try await ports.journal.receivedFolders(
                of: ports.transfer, downFrom: last - 1, limit: Self.batch)
            guard let lowest = folders.last else { break }
            let standing = folders.filter { $0.state != .withdrawn }
            if hasWithdrawn { live.formUnion(standing.map(\.manifest.path)) }
            let gone = folders.filter { $0.state == .withdrawn && !live.contains($0.manifest.path) }
            let ended = try await ports.pool.blocking {
                for folder in gone { try sink.discard(folder) }
                let folders = standing.filter { $0.state == .open }
                let unmade = try Self.refused(folders) { entry throws(DiskError) in try sink.makeFolder(entry.manifest)
                }
                let made = folders.filter { folder in !unmade.contains { $0.number == folder.number } }
                return unmade + (try Self.refused(made) { entry throws(DiskError) in try sink.finishFolder(entry) })
            }
            var group = CommitGroup()
            group.ended = ended
            if !group.isEmpty { _ = try await ReceiveWork(ports).commit(group, at: time) }
            last = lowest.number
        }
    }

    /// Those of `folders` for which `body` says that the destination cannot hold them.
    private static func refused(
        _ folders: [ReceivedEntry], _ body: (ReceivedEntry) throws(DiskError) -> Void
    ) throws(DiskError) -> [EndedEntry] {
        var ended: [EndedEntry] = []
        for folder in folders {
            do throws(DiskError) { try body(folder) } catch {
                guard case .unfit(_, let reason) = error else { throw error }
                ended.append(EndedEntry(skipped: folder.number, reason))
            }
        }
        return ended
    }

    private func entryCount() async throws -> UInt64 {
        try await ports.journal.transfer(ports.transfer)?.totals.entries ?? 0
    }
}
