import MeshTransfer
import MeshWire
import NIOCore

/// Carries out what a `SendSession` says, over a memory disk and a memory journal.
struct SimulatedSender {
    /// What leaves this side.
    enum Output {
        case message(DataMessage)
        case transmit(LaneName, ByteBuffer)
    }

    let id: TransferID
    let disk: MemoryDisk
    let journal: MemoryJournal
    private(set) var session: SendSession
    private(set) var jobs = JobQueue<Self>()
    private(set) var output: [Output] = []
    private(set) var isDone = false
    private(set) var failure: FailureCode?
    private(set) var counters = TransferCounters()

    init(_ id: TransferID, disk: MemoryDisk, journal: MemoryJournal, compression: CompressionMode) {
        self.id = id
        self.disk = disk
        self.journal = journal
        session = SendSession(compression: compression)
    }

    mutating func start(from: UInt64) {
        let record = journal.transfer(id)!
        handle { $0.manifestGrew(to: record.totals, isComplete: record.isManifestComplete) }
        handle { $0.accepted(from: from) }
    }

    mutating func handle(_ event: (inout SendSession) -> [SendSession.Instruction]) {
        for instruction in event(&session) { carryOut(instruction) }
        counters = session.counters
    }

    mutating func takeOutput() -> [Output] {
        defer { output = [] }
        return output
    }

    mutating func runPool(using random: inout Seeded) throws { try jobs.runPool(using: &random)(&self) }
    mutating func runJournal() throws { try jobs.runJournal()(&self) }

    private mutating func carryOut(_ instruction: SendSession.Instruction) {
        let (id, disk, journal) = (id, disk, journal)
        switch instruction {
        case .sendPage(let from): sendPage(from: from)
        case .send(let message): output.append(.message(message))
        case .transmit(let lane, let frames): output.append(.transmit(lane, frames))
        case .load(let chunk):
            jobs.inJournal {
                let files = try journal.sourceFiles(of: id, holding: chunk, limit: 512)
                return { node in node.handle { $0.loaded(files, holding: chunk) } }
            }
        case .encode(let job):
            jobs.onPool {
                var encoder = ChunkEncoder(stream: 1)
                let (batch, failed) = encoder.encode(job.pieces, choice: job.choice, source: disk)
                return { node in node.handle { $0.encoded(job.id, batch, failed: failed) } }
            }
        case .seal(let entries): output.append(.message(.sealed(entries: NumberSet(entries.map(\.number)))))
        case .checkSeals(let numbers): checkSeals(numbers)
        case .record(let records):
            jobs.inJournal {
                try journal.acknowledge(records, of: id)
                return { _ in }
            }
        case .withdraw(let entries, let again): withdraw(entries, again: again)
        case .checkReceipt(let body, _, let skipped):
            jobs.inJournal {
                // A source that cannot be read again proves nothing.
                let root = try? journal.root(of: id, skipped: skipped, source: disk)
                return { node in node.handle { $0.receiptChecked(root: root?.array == body ? root : nil) } }
            }
        case .complete: isDone = true
        case .fail(let code, let toPeer):
            failure = code
            if toPeer { output.append(.message(.failed(code))) }
        }
    }

    private mutating func sendPage(from: UInt64) {
        let (id, journal) = (id, journal)
        jobs.inJournal {
            // Small pages, so that a transfer of a few files has several.
            let entries = try journal.sourceEntries(of: id, from: from, limit: 5)
            let page = ManifestPage.encode(entries.map(\.manifest), first: from)!
            return { node in
                node.output.append(.message(page.message))
                node.handle { $0.pageSent(end: from + UInt64(page.count)) }
            }
        }
    }

    private mutating func checkSeals(_ numbers: NumberSet) {
        let (id, disk, journal) = (id, disk, journal)
        jobs.inJournal {
            let withdrawn = try journal.withdrawnEntries(of: id)
            let entries = try journal.sourceEntries(of: id, from: 0, limit: .max)
                .filter { numbers.contains($0.number) && !withdrawn.contains($0.number) && $0.manifest.kind == .file }
            let unchanged = entries.filter { (try? disk.isUnchanged($0)) ?? false }
            let changed = entries.filter { entry in !unchanged.contains(entry) }
            return { node in node.handle { $0.sealsChecked(unchanged: unchanged, changed: changed) } }
        }
    }

    private mutating func withdraw(_ entries: [SourceEntry], again: Bool) {
        let (id, disk, journal) = (id, disk, journal)
        jobs.inJournal {
            var totals = journal.transfer(id)!.totals
            var added: [SourceEntry] = []
            func add(_ entry: SourceEntry) {
                var entry = entry
                entry.number = totals.entries
                entry.manifest.firstChunk = totals.chunks
                _ = totals.add(entry.manifest)
                added.append(entry)
            }
            for entry in entries {
                let withdrawal = ManifestEntry(kind: .withdrawal, path: [], size: entry.number)
                add(SourceEntry(number: 0, manifest: withdrawal, identity: entry.identity))
            }
            if again {
                for entry in entries { if let fresh = try disk.restat(entry) { add(fresh) } }
            }
            try journal.append(added, to: id)
            let grown = totals
            return { node in node.handle { $0.manifestGrew(to: grown, isComplete: true) } }
        }
    }
}

extension MemoryJournal {
    /// The transfer's root as this side sees it; chunks without a digest are read again from `source`.
    func root(of id: TransferID, skipped: NumberSet, source: MemoryDisk?) throws -> Digest {
        var root = TransferRoot()
        let isSender = source != nil
        let sources = try sourceEntries(of: id, from: 0, limit: .max)
        let entries =
            isSender ? sources.map(\.manifest) : try receivedEntries(of: id, from: 0, limit: .max).map(\.manifest)
        var excluded = skipped
        for entry in entries where entry.kind == .withdrawal { excluded.insert(entry.size) }
        root.add(entries)
        for (number, entry) in entries.enumerated() where entry.kind == .file && !excluded.contains(UInt64(number)) {
            let plan = FilePlan(entry: UInt64(number), manifest: entry)
            for chunk in plan.chunks {
                if let row = try chunks(of: id, in: chunk..<chunk + 1, limit: 1).first {
                    root.add(chunk: row.digest)
                } else if let source {
                    root.add(chunk: try source.digest(of: sources[number], plan.extent(of: chunk)))
                } else {
                    throw Refused("chunk \(chunk) without a digest")
                }
            }
        }
        return root.value
    }
}
