import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire

extension MeshNode {
    /// Transfers of the journal, latest first.
    public func transfers(_ query: HistoryQuery) async throws(MeshError) -> [TransferInfo] {
        try await MeshError.catching {
            try await context.journal.history(try await filter(query)).map(TransferInfo.init)
        }
    }

    /// How many transfers match, whatever the limit of `query`.
    public func count(_ query: HistoryQuery) async throws(MeshError) -> UInt64 {
        try await MeshError.catching { try await context.journal.count(try await filter(query)) }
    }

    /// By full id or unique beginning.
    public func transfer(_ id: String) async throws(MeshError) -> TransferInfo {
        try await MeshError.catching { TransferInfo(try await context.journal.history(of: try await record(id).id)) }
    }

    /// Holds a transfer that no process works on: nothing goes on with it until it is resumed.
    public func pause(_ id: String) async throws(MeshError) { try await change(id, to: .paused) }

    /// Ends a transfer for good; what was received of it under final names stays.
    public func cancel(_ id: String) async throws(MeshError) { try await change(id, to: .cancelled) }

    /// Takes a pause, a cancellation or a failure back: the same commands go on with it.
    public func retry(_ id: String) async throws(MeshError) { try await change(id, to: .active) }

    /// Removes a transfer from the journal, receipt and all.
    public func forget(_ id: String) async throws(MeshError) {
        try await MeshError.catching {
            let record = try await record(id)
            try await withLock(record) { try await context.journal.forget(record.id) }
        }
    }

    private func change(_ id: String, to state: TransferState) async throws(MeshError) {
        try await MeshError.catching {
            let record = try await record(id)
            guard record.state != .done, record.state != .partial else {
                throw MeshError(
                    .usage,
                    "transfer \(record.id.short) is done: there is nothing to \(state == .active ? "retry" : "end")")
            }
            try await withLock(record) {
                try await context.journal.setState(state, message: nil, of: record.id, at: NodeClock.wall)
                // A cancelled transfer's code opens nothing any more, until a retry takes that back.
                if let code = record.code, state == .cancelled || record.state == .cancelled {
                    try await context.journal.setState(state == .cancelled ? .done : .pinned, ofCode: code)
                }
            }
        }
    }

    /// Another process that works on the transfer must be stopped first: it would not notice.
    private func withLock(_ record: TransferRecord, _ body: () async throws -> Void) async throws {
        let lock = TransferLock(node: context)
        try await lock.acquire(record.id)
        do {
            try await body()
            await lock.release(record.id)
        } catch {
            await lock.release(record.id)
            throw error
        }
    }

    private func filter(_ query: HistoryQuery) async throws -> HistoryFilter {
        HistoryFilter(
            peer: try await peer(query.peer), direction: query.direction, states: Set(query.states), since: query.since,
            until: query.until, name: query.name.map { Array($0.utf8) }, limit: query.limit)
    }

    private func peer(_ text: String?) async throws -> NodeID? {
        guard let text else { return nil }
        if let node = NodeID(text) { return node }
        let known = try await context.journal.peers(limit: 10_000)
        guard let peer = known.first(where: { $0.name == text || $0.node.short == text }) else {
            throw MeshError(.usage, "no peer is called \(text): see `pmesh mesh members`")
        }
        return peer.node
    }
}

extension TransferInfo {
    /// The receipt's signature is checked at this moment.
    init(_ row: HistoryRow) {
        let record = row.record
        self.init(
            id: record.id, direction: record.direction, state: record.state, peer: record.peer, peerName: row.peerName,
            paths: record.roots.map(EntryPath.escaped), files: record.totals.files, bytes: record.totals.bytes,
            bytesDone: row.progress.bytes, chunks: record.totals.chunks, chunksDone: row.progress.chunks,
            created: record.created, updated: record.updated, message: record.message)
        guard let kept = row.receipt, let receipt = try? Receipt(reading: kept.body) else { return }
        root = receipt.root
        isDurable = receipt.isDurable
        skipped = receipt.skipped
        isReceiptValid =
            NodeIdentity.verify(signature: kept.signature, of: kept.body, publicKeyDER: kept.publicKey)
            && NodeIdentity.nodeID(ofSPKI: kept.publicKey) == receipt.receiver
    }
}
