import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire

extension MeshNode {
    /// Transfers of the journal, latest first.
    public func transfers(_ query: HistoryQuery) async throws(MeshError) -> [TransferInfo] {
        try await MeshError.catching {
            let filter = HistoryFilter(
                peer: try await peer(query.peer), direction: query.direction, states: Set(query.states),
                since: query.since,
                until: query.until, name: query.name.map { Array($0.utf8) }, limit: query.limit)
            var infos: [TransferInfo] = []
            for record in try await context.journal.transfers(filter) { infos.append(try await info(record)) }
            return infos
        }
    }

    /// By full id or unique beginning.
    public func transfer(_ id: String) async throws(MeshError) -> TransferInfo {
        try await MeshError.catching { try await info(try await record(id)) }
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

    private func peer(_ text: String?) async throws -> NodeID? {
        guard let text else { return nil }
        if let node = NodeID(text) { return node }
        let known = try await context.journal.peers(limit: 10_000)
        guard let peer = known.first(where: { $0.name == text || $0.node.short == text }) else {
            throw MeshError(.usage, "no peer is called \(text): see `pmesh mesh members`")
        }
        return peer.node
    }

    private func info(_ record: TransferRecord) async throws -> TransferInfo {
        let progress = try await context.journal.progress(of: record.id)
        let kept = try await context.journal.receipt(of: record.id)
        let receipt = kept.flatMap { try? Receipt(reading: $0.body) }
        var info = TransferInfo(
            id: record.id, direction: record.direction, state: record.state, peer: record.peer, peerName: nil,
            paths: record.roots.map(EntryPath.escaped), files: record.totals.files, bytes: record.totals.bytes,
            bytesDone: progress.bytes, chunks: record.totals.chunks, chunksDone: progress.chunks,
            created: record.created, updated: record.updated, message: record.message)
        if let peer = record.peer { info.peerName = try await context.journal.peer(peer)?.name }
        if let kept, let receipt {
            info.root = receipt.root
            info.isDurable = receipt.isDurable
            info.skipped = receipt.skipped
            info.isReceiptValid =
                NodeIdentity.verify(signature: kept.signature, of: kept.body, publicKeyDER: kept.publicKey)
                && NodeIdentity.nodeID(ofSPKI: kept.publicKey) == receipt.receiver
        }
        return info
    }
}
