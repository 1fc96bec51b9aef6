import FoundationEssentials
import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTransport
import MeshTrust
import MeshWire

/// Sends to one peer, from the paths to the receipt.
struct SendFlow: Sendable {
    let node: NodeContext
    let roots: [[UInt8]]
    /// What is sent in place of `roots`, which are none then: by that the transfer is known for one that no other process can
    /// go on with.
    var input: SendInput?
    let scope: MeetingScope
    let options: SendOptions
    var meeting: MeetingOptions
    /// Where the sources changed after the transfer's end, another one begins.
    var again = false
    let events: @Sendable (TransferEvent) -> Void

    func run() async throws -> TransferSummary {
        if input == nil, let ended = try await ended(), let summary = try await afterEnd(ended) { return summary }
        let record = try await record()
        let lock = TransferLock(node: node)
        try await lock.acquire(record.id)
        do {
            let summary = try await send(record)
            await lock.release(record.id)
            return summary
        } catch {
            let cause = MeshError(error)
            await keep(cause, of: record.id)
            await lock.release(record.id)
            throw input == nil ? error : cause.ofPipe
        }
    }

    /// Writes down what broke the transfer off. One that has its receipt is over, whatever came behind that.
    private func keep(_ cause: MeshError, of id: TransferID) async {
        let journal = node.journal
        guard let record = try? await journal.transfer(id), !record.state.isSettled else { return }
        if cause == MeshError(.declined) {
            try? await journal.setDeclined(cause.message, of: id, at: NodeClock.wall)
        } else if input != nil {
            try? await journal.setState(.failed, message: cause.message, of: id, at: NodeClock.wall)
        } else if cause.code != .interrupted, cause.code != .conflict {
            try? await journal.setState(.active, message: cause.message, of: id, at: NodeClock.wall)
        }
    }

    // MARK: the transfer's record

    /// The transfer that ended under this code, where none goes on.
    private func ended() async throws -> TransferRecord? {
        guard case .code(let code) = scope, try await known() == nil else { return nil }
        let record = try await node.journal.findFinished(direction: .send, code: code.secrets.tag)
        guard record?.roots ?? roots == roots else { throw Self.otherPaths }
        return record
    }

    private static let otherPaths = MeshError(
        .usage, "this code was used for other paths: give the same paths to go on, or use a new code")

    private func record() async throws -> TransferRecord {
        if input == nil, let known = try await known() {
            guard known.roots == roots else { throw Self.otherPaths }
            // Whatever was said of it, a refusal too, was said of an earlier try.
            try await node.journal.setState(.active, message: nil, of: known.id, at: NodeClock.wall)
            return known
        }
        let now = NodeClock.wall
        var code: Bytes16?
        if case .code(let meeting) = scope { code = meeting.secrets.tag }
        let fresh = TransferRecord(
            id: TransferID(node.identifier()), direction: .send, peer: scope.pinned, code: code, roots: roots,
            options: Array((try? JSONEncoder().encode(options)) ?? Data()), created: now, updated: now)
        try await node.journal.create(fresh)
        return fresh
    }

    private func known() async throws -> TransferRecord? {
        switch scope {
        case .code(let code): try await node.journal.findTransfer(direction: .send, code: code.secrets.tag)
        case .mesh(let mesh): try await node.journal.findTransfer(direction: .send, peer: mesh.expected, roots: roots)
        }
    }

    // MARK: sending

    /// `verdict`: what the receiver is told in place of an offer.
    func send(_ record: TransferRecord, verdict: FailureCode? = nil) async throws -> TransferSummary {
        let (node, roots) = (node, roots)
        let input = input
        let source = try await node.blocking { try FileSource(roots: roots, input: input?.reading) }
        let reader = try source.reader()
        let manifest = ManifestWriter(journal: node.journal, record: record, reader: reader)
        let done = try await node.journal.progress(of: record.id)
        let report = TransferReport(base: .known(bytes: done.bytes, files: done.wholeFiles), emit: events)
        report.begin(record.id)
        let registry = ChannelRegistry()
        let links = try await LinkSource.open(
            node: node, scope: scope, options: meeting, listensByDefault: scope.isCode, registry: registry,
            events: events)
        let walk = ManifestWalk(
            node: node, record: record, options: options, manifest: manifest, report: report, input: input)
        let reading = OpenReading(reader: reader, manifest: manifest) { entry, error in
            guard !source.isPiped else { throw error }
            try await manifest.lost(entry, SendWork.omission(of: entry, error))
        }
        let fault = SendingFault()
        let loop = loop(links, registry, report, isKnown: done.bytes > 0 || done.wholeFiles > 0)
        try await links.serving {
            if !record.isManifestComplete { try await walk.check() }
            if record.totals.entries > 0, !record.state.isSettled {
                // Before anything is offered: what is offered is what the sources are now.
                try await walk.run()
                try await walk.bringUpToDate()
            }
            try await withThrowingTaskGroup(of: Bool.self) { group in
                // The peer is waited for, and its chunks leave, while the walk still finds files.
                group.addTask {
                    try await walk.run()
                    return false
                }
                group.addTask {
                    try await reading.run()
                    return false
                }
                group.addTask {
                    try await loop.run(purpose(record, source, manifest, report, fault, verdict))
                    return true
                }
                // Over with the loop: a receiver may decline before the walk has ended.
                defer { group.cancelAll() }
                do {
                    while try await group.next() == false {}
                } catch {
                    fault.note(error)
                    throw error
                }
            }
        }
        return try await report.end(record.id, in: node.journal)
    }

    private func loop(_ links: LinkSource, _ registry: ChannelRegistry, _ report: TransferReport, isKnown: Bool)
        -> PeerLoop
    {
        // A code's sender waits for a person at another machine: as long as the code lives.
        let usual = scope.isCode && scope.pinned == nil ? Double(CodeLife.lifetime) / 1e9 : 30
        let patience = meeting.patience
        let wait = meeting.wait ?? (scope.isCode && scope.pinned != nil ? patience : usual)
        return PeerLoop(
            node: node, source: links, registry: registry, report: report, wait: wait, patience: patience,
            isResumed: isKnown)
    }

    /// What is offered, as this side's own events tell it.
    private func offer(_ id: TransferID, _ sums: TransferSums, _ isCounting: Bool) -> Offer {
        let paths = input.map { [$0.name] } ?? roots
        return Offer(
            transfer: id, sender: node.identity.nodeID, senderName: node.name,
            names: paths.map { EntryPath.escaped($0.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? []) },
            files: sums.files, bytes: sums.bytes, isCounting: isCounting)
    }

    private func purpose(
        _ record: TransferRecord, _ source: FileSource, _ manifest: ManifestWriter, _ report: TransferReport,
        _ fault: SendingFault, _ verdict: FailureCode?
    ) -> PeerSession.Purpose {
        let flow = self
        return .send { peer in
            SendContext(
                node: flow.node, record: record, source: source, manifest: manifest, peer: peer,
                compression: CompressionMode(flow.options.compression) ?? .auto, fault: fault, verdict: verdict
            ) { news in
                switch news {
                case .offered(let sums, let isCounting): report.event(.offer(flow.offer(record.id, sums, isCounting)))
                case .accepted: report.accepted()
                case .sealed(let entries):
                    for entry in entries {
                        report.event(.file(path: EntryPath.escaped(entry.manifest.path), size: entry.manifest.size))
                    }
                case .unread(let entry, let error):
                    report.event(.warning("\(EntryPath.escaped(entry.manifest.path)): \(error)"))
                case .gaveUp(let entries):
                    for entry in entries { report.leftOut(entry.manifest.path, .changing) }
                }
            }
        }
    }
}

/// What a resume must repeat; kept with the transfer as JSON.
struct SendOptions: Codable, Sendable, Hashable {
    var compression = "auto"
    var exclude: [[UInt8]] = []
    /// The node's own key, journal and settings are sent, too; nil means no.
    var includesKeys: Bool?
}

extension SendInput {
    var reading: OpenReader.Input {
        switch source {
        case .standardInput: .standardInput
        case .text(let text): .bytes(text)
        }
    }

    /// As the manifest has it: with the rights of a file that this user makes, as of now.
    var entry: SourceEntry {
        let now = NodeClock.wall
        let manifest = ManifestEntry(
            open: name, mode: 0o666 & ~Umask.current, seconds: now / 1_000_000_000,
            nanoseconds: UInt32(now % 1_000_000_000))
        return SourceEntry(number: 0, manifest: manifest, identity: SourceIdentity(device: 0, inode: 0, changed: 0))
    }
}

extension MeshError {
    /// What was read of a pipe is gone with the process that read it: there is no other way than from its beginning.
    var ofPipe: MeshError {
        guard code == .timedOut || code == .interrupted else { return self }
        let head = message.prefix { $0 != ":" }
        return MeshError(
            code, "\(head): what comes through a pipe cannot be resumed, so run both commands again from its beginning")
    }
}
