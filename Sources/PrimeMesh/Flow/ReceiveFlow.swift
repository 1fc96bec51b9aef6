import FoundationEssentials
import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTransport
import MeshTrust
import MeshWire
import Synchronization

/// Receives one transfer, from the meeting to the receipt.
struct ReceiveFlow: Sendable {
    let node: NodeContext
    let journal: Journal
    let scope: MeetingScope
    let destination: [UInt8]
    /// In place of the destination.
    var output: ReceiveOutput?
    let options: ReceiveOptions
    let meeting: MeetingOptions
    let decide: @Sendable (Offer) async -> Bool
    let events: @Sendable (TransferEvent) -> Void

    func run() async throws -> TransferSummary {
        guard case .code(let code) = scope else { return try await meet() }
        let lock = TransferLock(node: node)
        try await lock.acquire(code)
        do {
            let summary = try await meet()
            await lock.release(code)
            return summary
        } catch {
            await lock.release(code)
            throw error
        }
    }

    private func meet() async throws -> TransferSummary {
        let report = TransferReport(emit: events)
        let current = Mutex<TransferID?>(nil)
        let settled = try await settled()
        do {
            try await receive(report) { id in
                report.begin(id)
                current.withLock { $0 = id }
            }
        } catch {
            let cause = MeshError(error)
            var isPiped = output != nil
            if let id = current.withLock({ $0 }) {
                isPiped = await keep(cause, of: id)
                await TransferLock(node: node).release(id)
            }
            // Done here long ago; the sender wanted nothing more, or is done as well.
            if let settled, cause.code == .noPeer || cause.code == .timedOut {
                return try await report.end(settled, in: node.journal)
            }
            throw isPiped ? cause.ofPipe : error
        }
        guard let id = current.withLock({ $0 }) else {
            throw MeshError(.other, "the transfer ended before it began: run both commands again")
        }
        await TransferLock(node: node).release(id)
        return try await report.end(id, in: node.journal)
    }

    /// Writes down what ended the transfer. Answers whether a pipe at either side makes that final.
    private func keep(_ cause: MeshError, of id: TransferID) async -> Bool {
        guard let record = try? await node.journal.transfer(id) else { return output != nil }
        let kept = try? JSONDecoder().decode(ReceiveOptions.self, from: Data(record.options))
        let isLost = cause == MeshError(.pipeLost) || (kept?.isPiped == true && cause.code != .conflict)
        guard !record.state.isSettled else { return output != nil }
        if output != nil {
            try? await node.journal.setState(.failed, message: cause.message, of: id, at: NodeClock.wall)
        } else if isLost {
            // What the sender read of a pipe is gone with its process: nothing can go on with the parts.
            try? await node.journal.setState(.cancelled, message: cause.message, of: id, at: NodeClock.wall)
            try? await HiddenParts(node: node).remove(of: record)
        } else if cause.code != .interrupted, cause.code != .conflict {
            try? await node.journal.setState(.active, message: cause.message, of: id, at: NodeClock.wall)
        }
        return output != nil || isLost
    }

    /// A transfer of this code that is done already; its sender may still want the receipt.
    private func settled() async throws -> TransferID? {
        // What it brought went out then, and nothing of it is here.
        guard output == nil, case .code(let code) = scope else { return nil }
        return try await node.journal.findFinished(direction: .receive, code: code.secrets.tag)?.id
    }

    /// The transfer of this code that goes on, where there is one.
    private func known() async throws -> TransferID? {
        guard case .code(let code) = scope else { return nil }
        return try await node.journal.findTransfer(direction: .receive, code: code.secrets.tag)?.id
    }

    private func receive(_ report: TransferReport, _ began: @escaping @Sendable (TransferID) -> Void) async throws {
        let known = try await known()
        if let known {
            // Before anybody is dialed: a second process would wait for a sender who is busy with the first.
            try await TransferLock(node: node).acquire(known)
            began(known)
        }
        let registry = ChannelRegistry()
        let links = try await LinkSource.open(
            node: node, scope: scope, options: meeting, listensByDefault: !scope.isCode, registry: registry,
            events: events)
        let isSettled = try await settled() != nil
        let isKnown = known != nil || isSettled
        let loop = PeerLoop(
            node: node, source: links, registry: registry, report: report,
            wait: meeting.wait ?? usualWait(isSettled: isSettled), patience: meeting.patience, isResumed: isKnown)
        try await links.serving {
            guard let output else { return try await loop.run(purpose(report, began)) }
            try await output.serving { try await loop.run(purpose(report, began)) }
        }
    }

    /// Seconds until the first peer must be there: one who has the receipt may be done as well, a code's sender waits for
    /// a person, and members come when they come.
    private func usualWait(isSettled: Bool) -> Double {
        if isSettled { return 10 }
        return scope.isCode ? 30 : .infinity
    }

    private func purpose(
        _ report: TransferReport, _ began: @escaping @Sendable (TransferID) -> Void
    ) -> PeerSession.Purpose {
        let flow = self
        let lock = TransferLock(node: node)
        var code: Bytes16?
        if case .code(let meeting) = scope { code = meeting.secrets.tag }
        let tag = code
        return .receive { peer, name in
            ReceiveContext(
                node: flow.node, journal: flow.journal, peer: peer, peerName: name, code: tag,
                destination: flow.destination, output: flow.output, options: flow.options,
                decide: { offer in
                    report.event(.offer(offer))
                    return await flow.decide(offer)
                },
                lock: { id in
                    try await lock.acquire(id)
                    began(id)
                },
                emit: { flow.news($0, report) })
        }
    }

    private func news(_ news: ReceiveDriver.News, _ report: TransferReport) {
        switch news {
        case .accepted: report.accepted()
        case .ended(let entries):
            // What was left out is named at the end, on both sides alike.
            for (entry, ended) in entries where ended.state == .finished {
                var named = entry
                named.finalName = ended.finalName
                let offered = ended.finalName.map { _ in EntryPath.escaped(entry.manifest.path) }
                report.event(
                    .file(path: EntryPath.escaped(named.finalPath), size: entry.manifest.size, offeredAs: offered))
            }
        }
    }
}
