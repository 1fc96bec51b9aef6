import FoundationEssentials
import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire

extension MeshNode {
    /// Goes on with an interrupted transfer (nil: the latest one), in either direction, as it was asked for then.
    public func resume(
        _ id: String?, meeting: MeetingOptions, events: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(MeshError) -> [TransferSummary] {
        try await MeshError.catching {
            let record = try await interrupted(id)
            let scope = try await scope(of: record, events)
            switch record.direction {
            case .send:
                let options = (try? JSONDecoder().decode(SendOptions.self, from: Data(record.options))) ?? SendOptions()
                let flow = SendFlow(
                    node: context, roots: record.roots, scope: scope, options: options, meeting: meeting, events: events
                )
                return [try await flow.run()]
            case .receive:
                let options =
                    (try? JSONDecoder().decode(ReceiveOptions.self, from: Data(record.options))) ?? ReceiveOptions()
                return [
                    try await context.withJournal(durable: options.fsync) { journal in
                        try await ReceiveFlow(
                            node: context, journal: journal, scope: scope, destination: record.roots.first ?? [],
                            options: options, meeting: meeting, decide: { _ in true }, events: events
                        ).run()
                    }
                ]
            }
        }
    }

    private func interrupted(_ id: String?) async throws -> TransferRecord {
        if let id {
            let record = try await record(id)
            guard !record.isPiped else {
                throw MeshError(
                    .usage, "transfer \(record.id.short) came through a pipe, which cannot be resumed: send it again")
            }
            switch record.state {
            case .active, .paused, .failed: return record
            case .done, .partial:
                throw MeshError(.usage, "transfer \(record.id.short) is done: there is nothing to resume")
            case .cancelled:
                throw MeshError(
                    .usage,
                    "transfer \(record.id.short) was cancelled: `pmesh transfers retry \(record.id.short)` takes that back"
                )
            }
        }
        var query = HistoryQuery()
        // Those that came through pipes are passed over.
        query.limit = 100
        for states in [[TransferStatus.interrupted, .failed], [.paused]] {
            query.states = states
            let latest = try await transfers(query).first { !$0.paths.isEmpty }
            if let latest { return try await record(latest.id.description) }
        }
        throw MeshError(
            .usage, "nothing to resume: no transfer of this home was interrupted; `pmesh transfers` shows the others")
    }

    /// A transfer by its id or the unique beginning of one.
    func record(_ text: String) async throws -> TransferRecord {
        if let id = TransferID(text.lowercased()), let record = try await context.journal.transfer(id) { return record }
        return try await unique(text) {
            text.isEmpty
                ? "the transfer's name is empty: see `pmesh transfers list`"
                : "no transfer begins with \(text): see `pmesh transfers list`"
        }
    }

    /// The transfer whose name begins like this; `otherwise` is what to say where there is none.
    func unique(_ beginning: String, otherwise: () -> String) async throws -> TransferRecord {
        // An empty beginning fits all: most likely a variable of a script that holds nothing.
        let matches =
            beginning.isEmpty
            ? [] : try await context.journal.findTransfers(beginning: beginning.lowercased(), limit: 2)
        guard let match = matches.first else { throw MeshError(.usage, otherwise()) }
        guard matches.count == 1 else {
            throw MeshError(.usage, "several transfers begin with \(beginning): give more of the id")
        }
        return match
    }

    private func scope(
        of record: TransferRecord, _ events: @Sendable (TransferEvent) -> Void
    ) async throws -> MeetingScope {
        if let tag = record.code, let code = try await context.journal.code(tag) {
            // Nobody has come yet: the other side needs it.
            if let text = code.text, !code.isOver(at: NodeClock.wall) { events(.code(text)) }
            return .code(try CodeMeeting(code, node: context, role: code.role))
        }
        let membership = try await MembershipStore(node: context).only()
        return .mesh(MeshMeeting(membership: membership, identity: context.identity, expected: record.peer))
    }
}
