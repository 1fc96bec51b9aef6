import MeshTransfer
import MeshWire
import NIOCore

import struct Crypto.SHA256

/// Carries out what a `ReceiveSession` says, over a memory disk and a memory journal.
struct SimulatedReceiver {
    let id: TransferID
    let disk: MemoryDisk
    let journal: MemoryJournal
    private(set) var session: ReceiveSession
    private(set) var jobs = JobQueue<Self>()
    private(set) var output: [SendOutput] = []
    /// Credit to be given back, by lane.
    private(set) var freed: [(lane: LaneName, bytes: Int)] = []
    /// The receipt is kept: nothing can take the transfer away any more.
    private(set) var isSettled = false
    private(set) var failure: FailureCode?
    private(set) var breach: WireError?
    private(set) var counters = TransferCounters()
    var now: UInt64

    /// What leaves this side.
    enum SendOutput {
        case message(DataMessage)
        case acknowledgement(NumberSet)
    }

    init(_ id: TransferID, disk: MemoryDisk, journal: MemoryJournal, now: UInt64) {
        self.id = id
        self.disk = disk
        self.journal = journal
        self.now = now
        session = ReceiveSession(totals: journal.transfer(id)!.totals, now: now)
    }

    mutating func handle(_ event: (inout ReceiveSession, UInt64) -> [ReceiveSession.Instruction]) {
        for instruction in event(&session, now) { carryOut(instruction) }
        counters = session.counters
    }

    mutating func takeOutput() -> (messages: [SendOutput], freed: [(lane: LaneName, bytes: Int)]) {
        defer {
            output = []
            freed = []
        }
        return (output, freed)
    }

    mutating func runPool(using random: inout Seeded) throws { try jobs.runPool(using: &random)(&self) }
    mutating func runJournal() throws { try jobs.runJournal()(&self) }

    private mutating func carryOut(_ instruction: ReceiveSession.Instruction) {
        let (id, journal) = (id, journal)
        switch instruction {
        case .decodePage(let first, let count, let rawLength, let deflated):
            jobs.onPool {
                let entries = try ManifestPage.decode(count: count, rawLength: rawLength, deflated: deflated)
                return { node in node.handle { $0.pageDecoded(first: first, entries, now: $1) } }
            }
        case .keepPage(let entries):
            jobs.inJournal {
                try journal.append(entries, to: id)
                let withdrawn = entries.filter { $0.kind == .withdrawal }.map(\.size)
                return { node in node.handle { $0.pageKept(withdrawn: withdrawn, now: $1) } }
            }
        case .send(let message): output.append(.message(message))
        case .acknowledge(let numbers): output.append(.acknowledgement(numbers))
        case .release(let lane, let bytes): freed.append((lane, bytes))
        case .plan(let from, let limit): plan(from: from, limit: limit)
        case .store(let arrivals): store(arrivals)
        case .commit(let group):
            jobs.inJournal {
                try journal.commit(group, to: id)
                return { node in node.handle { $0.committed(now: $1) } }
            }
        case .makeParts, .finish, .discard: work(instruction)
        case .complete:
            jobs.inJournal {
                let root = try journal.root(of: id, skipped: NumberSet(), source: nil)
                return { node in
                    node.isSettled = true
                    node.handle { session, _ in
                        session.completed(skipped: NumberSet(), receipt: .receipt(body: root.array, signature: []))
                    }
                }
            }
        case .done: break
        case .fail(let code, let toPeer):
            failure = code
            if toPeer { output.append(.message(.failed(code))) }
        case .disconnect(let error): breach = error
        }
    }

    private mutating func plan(from: UInt64, limit: Int) {
        let (id, disk, journal) = (id, disk, journal)
        jobs.inJournal {
            let entries = try journal.receivedEntries(of: id, from: from, limit: limit)
            let planned = try entries.map { entry in
                guard entry.manifest.kind == .file else { return PlannedEntry(entry: entry, missing: NumberSet()) }
                let chunks = FilePlan(entry: entry.number, manifest: entry.manifest).chunks
                var missing = NumberSet(chunks)
                if let part = entry.part, entry.state == .finishing || disk.holds(part, of: entry) {
                    let rows = try journal.chunks(of: id, in: chunks, limit: .max)
                    missing.subtract(NumberSet(rows.map(\.number)))
                }
                return PlannedEntry(entry: entry, missing: missing)
            }
            return { node in node.handle { $0.planned(planned, next: from + UInt64(entries.count), now: $1) } }
        }
    }

    private mutating func store(_ arrivals: [ChunkArrival]) {
        let disk = disk
        jobs.onPool {
            var decoder = ChunkDecoder()
            var released: [LaneName: Int] = [:]
            var results: [ReceiveSession.Stored] = []
            for arrival in arrivals {
                released[arrival.lane, default: 0] += arrival.chunk.cost
                let header = arrival.chunk.header
                results.append(
                    ReceiveSession.Stored(
                        entry: arrival.entry.number, number: header.number, length: header.rawLength,
                        digest: header.digest, outcome: decoder.store(arrival, sink: disk)))
            }
            return { node in node.handle { $0.stored(results, released: released, now: $1) } }
        }
    }

    private mutating func work(_ instruction: ReceiveSession.Instruction) {
        let disk = disk
        switch instruction {
        case .makeParts(let entries):
            jobs.onPool {
                var parts: [UInt64: PartIdentity] = [:]
                for entry in entries { parts[entry.number] = try disk.write(entry, offset: 0, length: 0, slices: []) }
                return { node in node.handle { $0.partsMade(parts, now: $1) } }
            }
        case .finish(let entries):
            jobs.onPool {
                let ended = try entries.map { try disk.finish($0, rule: .rename) }
                return { node in node.handle { $0.finished(ended, now: $1) } }
            }
        case .discard(let entry):
            jobs.onPool {
                try disk.discardPart(entry)
                return { _ in }
            }
        default: break
        }
    }
}

extension MemoryDisk {
    fileprivate func holds(_ part: PartIdentity, of entry: ReceivedEntry) -> Bool {
        with { $0.parts[entry.number]?.identity == part }
    }

    func digest(of entry: SourceEntry, _ extent: (offset: UInt64, length: Int)) throws -> Digest {
        var buffer = [UInt8](repeating: 0, count: extent.length)
        let isHole = try buffer.withUnsafeMutableBytes { try read(entry, offset: extent.offset, into: [$0]) }
        return isHole ? ZeroRun.digest(extent.length) : Digest(SHA256.hash(data: buffer))!
    }
}
