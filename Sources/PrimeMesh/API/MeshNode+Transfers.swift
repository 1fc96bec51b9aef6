import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire

extension MeshNode {
    /// Transfers of the journal, latest first.
    public func transfers(_ query: HistoryQuery) async throws(MeshError) -> [TransferInfo] {
        try await MeshError.catching { try await matching(query) }
    }

    /// How many transfers match, whatever the limit of `query`.
    public func count(_ query: HistoryQuery) async throws(MeshError) -> UInt64 {
        try await MeshError.catching {
            guard query.states.contains(where: \.isDerived) else {
                return try await context.journal.count(try await filter(query))
            }
            var all = query
            all.limit = Self.derivedLimit
            return UInt64(try await matching(all).count)
        }
    }

    /// By full id or unique beginning.
    public func transfer(_ id: String) async throws(MeshError) -> TransferInfo {
        try await MeshError.catching {
            let id = try await record(id).id
            var found = try await info(id)
            let counts = try await context.journal.retryCounts(of: id)
            found.retries = TransferRetries(
                chunks: counts.chunks, lanes: counts.lanes, channels: counts.channels, entries: counts.entries)
            return found
        }
    }

    /// Removes what nothing can come of: see ``Housekeeping``.
    public func housekeep() async { await Housekeeping(node: context).run() }

    private func info(_ id: TransferID) async throws -> TransferInfo {
        info(try await context.journal.history(of: id))
    }

    private func info(_ row: HistoryRow) -> TransferInfo {
        let isHeld = row.holder?.isAlive(boot: context.boot) == true
        return TransferInfo(row, status: TransferStatus(row, isHeld: isHeld, now: NodeClock.wall))
    }

    /// Transfers that are not over are few: among them the state is looked for one by one.
    private static let derivedLimit = 100_000

    private func matching(_ query: HistoryQuery) async throws -> [TransferInfo] {
        var stored = try await filter(query)
        guard query.states.contains(where: \.isDerived) else {
            return try await context.journal.history(stored).map(info)
        }
        stored.limit = Self.derivedLimit
        let found = try await context.journal.history(stored).map(info)
        return Array(found.lazy.filter { query.states.contains($0.state) }.prefix(query.limit))
    }

    /// Holds a transfer that no process works on: nothing goes on with it until it is resumed.
    public func pause(_ id: String) async throws(MeshError) { try await change(id, to: .paused) }

    /// Ends a transfer for good, and removes its hidden parts; what was received of it under final names stays.
    public func cancel(_ id: String) async throws(MeshError) {
        try requireEnough(of: id)
        try await change(id, to: .cancelled)
    }

    /// Takes a pause, a cancellation or a failure back: the same commands go on with it.
    public func retry(_ id: String) async throws(MeshError) { try await change(id, to: .active) }

    /// Removes a transfer from the journal, receipt, hidden parts and all; answers what it was.
    public func forget(_ id: String) async throws(MeshError) -> TransferInfo {
        try await MeshError.catching {
            try requireEnough(of: id)
            return try await forget(try await record(id))
        }
    }

    /// The same with all that match and are not running.
    public func forget(_ query: HistoryQuery) async throws(MeshError) -> [TransferInfo] {
        try await MeshError.catching {
            var forgotten: [TransferInfo] = []
            for info in try await matching(query) where info.state != .active {
                forgotten.append(try await forget(try await record(info.id.description)))
            }
            return forgotten
        }
    }

    /// One letter may happen to be unique: too little where something is removed.
    private func requireEnough(of id: String) throws(MeshError) {
        guard id.utf8.count < 4 else { return }
        throw MeshError(
            .usage, "\(id) is too short where something is removed: give 4 symbols of the transfer's name or more")
    }

    private func forget(_ record: TransferRecord) async throws -> TransferInfo {
        let info = try await info(record.id)
        try await withLock(record) {
            try await HiddenParts(node: context).remove(of: record)
            if let code = record.code { try await closeCode(code) }
            try await context.journal.forget(record.id, at: NodeClock.wall)
        }
        return info
    }

    /// What a code was for is gone: nobody may come under it.
    private func closeCode(_ tag: Bytes16) async throws {
        guard let code = try await context.journal.code(tag), code.state == .unused || code.state == .pinned else {
            return
        }
        try await context.journal.setState(.done, ofCode: tag)
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
                if state == .cancelled { try await HiddenParts(node: context).remove(of: record) }
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
        let states = query.states.reduce(into: Set<TransferState>()) { $0.formUnion($1.stored) }
        return HistoryFilter(
            peer: try await peer(query.peer), direction: query.direction, states: states, since: query.since,
            until: query.until, name: query.name.map { Array($0.utf8) }, limit: query.limit)
    }

    private func peer(_ text: String?) async throws -> NodeID? {
        guard let text else { return nil }
        if let node = NodeID(text) { return node }
        let known = try await context.journal.peers(limit: 10_000)
        guard
            let peer = known.first(where: { $0.name == text || $0.node.short == text })
                ?? known.first(where: { $0.label == text })
        else {
            throw MeshError(.usage, "no peer is called \(text): see `pmesh mesh members`")
        }
        return peer.node
    }
}

extension TransferInfo {
    /// The receipt's signature is checked at this moment.
    init(_ row: HistoryRow, status: TransferStatus) {
        let record = row.record
        let places = TransferPlaces(row)
        self.init(
            id: record.id, direction: record.direction, state: status, peer: record.peer, peerName: row.peerName,
            paths: record.roots.map(EntryPath.escaped),
            names: places.names.map(EntryPath.escaped), hasMoreNames: places.hasMore,
            folder: places.folder.map(EntryPath.escaped), files: record.totals.files, bytes: record.totals.bytes,
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
