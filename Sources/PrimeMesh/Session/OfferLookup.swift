import FoundationEssentials
import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire

/// Asks journal and disk about an offered transfer.
struct OfferLookup: Sendable {
    let context: ReceiveContext

    func look(up id: TransferID, _ sums: TransferSums) async throws -> OfferStanding {
        if context.output != nil, sums.entries > 1 || sums.entries > sums.files {
            return .refused(.oneFile, MeshError(.oneFile))
        }
        guard let record = try await context.journal.transfer(id) else { return try await fresh(sums) }
        guard record.direction == .receive, record.peer == nil || record.peer == context.peer.nodeID else {
            return .refused(
                .identity,
                MeshError(
                    .identity, "another node offers a transfer that began with \(record.peer?.short ?? "someone")"))
        }
        guard record.state != .cancelled else {
            return .refused(
                .cancelled,
                MeshError(
                    .refused, "this transfer was cancelled here: `pmesh transfers retry \(id.short)` takes that back"))
        }
        guard context.output == nil || !record.state.isSettled else {
            return .refused(
                .unknown,
                MeshError(
                    .usage,
                    "this transfer has ended, and what it brought went out then: the sender's --again, or a new code, sends it anew"
                ))
        }
        guard context.output?.claim(id) ?? true else { return Self.mixed }
        try await context.lock(id)
        if record.state == .failed || record.state == .paused {
            try await context.journal.setState(.active, message: nil, of: id, at: NodeClock.wall)
        }
        return try await accepted(record, sums, isResumed: true)
    }

    private static let mixed = OfferStanding.refused(
        .unknown,
        MeshError(.other, "another transfer has begun to go to standard output: run both commands again"))

    /// What no disk of this size can hold is refused before anybody is asked. Whether the room that is left does depends on
    /// what is there already, and is reckoned once the manifest is here.
    private func fresh(_ sums: TransferSums) async throws -> OfferStanding {
        guard context.output == nil else { return .fresh }
        let destination = context.destination
        do {
            let probe = TransferID(context.node.identifier())
            let (free, all) = try await context.blocking {
                let sink = try FileSink(destination: destination, transfer: probe)
                return (try sink.freeSpace(), try sink.capacity())
            }
            guard sums.allocated <= all else {
                throw DiskError.full(
                    path: "\(EntryPath.escaped(destination)) (\(sums.allocated) bytes are to come, \(free) are free)")
            }
            return .fresh
        } catch let error as DiskError {
            return .refused(error.isFull ? .diskFull : .destination, MeshError(error))
        }
    }

    /// Writes the transfer down: from here on it is resumed without being asked about again.
    func create(_ id: TransferID, _ sums: TransferSums, isPiped: Bool) async throws -> OfferStanding {
        guard context.output?.claim(id) ?? true else { return Self.mixed }
        let now = NodeClock.wall
        var kept = context.options
        if isPiped { kept.isPiped = true }
        let options = Array((try? JSONEncoder().encode(kept)) ?? Data())
        let record = TransferRecord(
            id: id, direction: .receive, peer: context.peer.nodeID, code: context.code,
            roots: context.output == nil ? [context.destination] : [],
            options: options, created: now, updated: now)
        try await context.journal.create(record)
        try await context.lock(id)
        return try await accepted(record, sums, isResumed: false)
    }

    private func accepted(
        _ record: TransferRecord, _ sums: TransferSums, isResumed: Bool
    ) async throws -> OfferStanding {
        if let output = context.output {
            return .accepted(
                AcceptedOffer(
                    record: record, sink: output.sink, isLocal: true, keepsInodes: true, isRoomDoubtful: false,
                    isResumed: isResumed))
        }
        let destination = record.roots.first ?? context.destination
        let permissions = context.options.permissions ?? .sender
        do {
            let (sink, mount, free) = try await context.blocking {
                let sink = try FileSink(
                    destination: destination, transfer: record.id, permissions: permissions)
                return (sink, try? sink.mount(), try sink.freeSpace())
            }
            try await context.journal.place(record.id, onMount: mount?.text)
            return .accepted(
                AcceptedOffer(
                    record: record, sink: sink, isLocal: mount?.isLocal ?? false,
                    keepsInodes: mount?.keepsInodes ?? true,
                    isRoomDoubtful: sums.allocated > free, isResumed: isResumed))
        } catch let error as DiskError {
            return .refused(error.isFull ? .diskFull : .destination, MeshError(error))
        }
    }
}
