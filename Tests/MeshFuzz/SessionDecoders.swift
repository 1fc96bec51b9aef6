import MeshTransfer
import MeshWire
import NIOCore

// The receiver itself, as a sender that says anything in any order meets it.
extension FuzzedDecoder {
    static let sessions = [receiveSession]

    /// Records: what happens (1 byte), its length (2 bytes), and so many bytes. A message, a chunk's header, time that passes
    /// (seconds), or a lane that is lost.
    private static let receiveSession = FuzzedDecoder("receive-session") {
        let recording = try Recording.shared.get()
        let messages = try recording.pieces(.message)
        let sums = recording.sums
        let end = DataMessage.manifestEnd(entries: sums.entries, chunks: sums.chunks).encoded()
        let sealed = DataMessage.sealed(entries: NumberSet(0..<sums.entries)).encoded()
        let chunks = try recording.pieces(.chunkHeader).map { record(1, $0) }
        let head = record(0, messages[0]) + record(0, Array(buffer: end))
        return [
            head + chunks.flatMap { $0 } + record(0, Array(buffer: sealed)),
            head + record(3, []) + chunks.flatMap { $0 } + record(2, [11]) + record(0, Array(buffer: sealed)),
        ]
    } body: { bytes in
        var peer = AnySender()
        var rest = bytes[...]
        while !peer.isOver, let kind = rest.popFirst() {
            let count = Int(rest.popFirst() ?? 0) << 8 | Int(rest.popFirst() ?? 0)
            let record = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            try peer.happens(kind, record)
        }
        if peer.wasRefused { throw Refused() }
    }

    private static func record(_ kind: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [kind, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
    }
}

/// A receiving session over a journal and a disk that do what they are told.
private struct AnySender {
    private var session = ReceiveSession(totals: ManifestTotals(), now: 0)
    private var entries: [ManifestEntry] = []
    private var planned: UInt64 = 0
    private var now: UInt64 = 0
    private var steps = 0
    private(set) var isOver = false
    private(set) var wasRefused = false

    private static let lane = LaneName(channel: ChannelID(Bytes16()), epoch: 1, prime: 1009, generation: 1)
    private static let part = PartIdentity(device: 1, inode: 2, born: 3)

    mutating func happens(_ kind: UInt8, _ record: [UInt8]) throws {
        switch kind % 4 {
        case 0: try carryOut(session.message(try DataMessage(reading: ByteBuffer(bytes: record)), now: now))
        case 1:
            var buffer = ByteBuffer(bytes: record)
            let header = try ChunkHeader(reading: &buffer)
            let chunk = InboundChunk(
                stream: 1, header: header, payload: [], cost: FrameEncoder.cost(payload: header.encodedLength))
            try carryOut(session.arrived([chunk], on: Self.lane, now: now))
        case 2:
            now += UInt64(record.first ?? 0) * 1_000_000_000
            try carryOut(session.tick(now: now))
        default: try carryOut(session.laneLost(Self.lane, now: now))
        }
    }

    private mutating func carryOut(_ instructions: [ReceiveSession.Instruction]) throws {
        var queue = instructions[...]
        while let next = queue.popFirst() {
            steps += 1
            try keep(steps < 100_000, "what a peer says leads to an end")
            queue += try answer(next)
        }
    }

    private mutating func answer(_ instruction: ReceiveSession.Instruction) throws -> [ReceiveSession.Instruction] {
        switch instruction {
        case .decodePage(let first, let count, let rawLength, let deflated):
            let page = try ManifestPage.decode(count: count, rawLength: rawLength, deflated: deflated)
            return session.pageDecoded(first: first, page, now: now)
        case .keepPage(let page):
            entries += page
            try keep(UInt64(entries.count) == session.known.entries, "the session counts what the journal keeps")
            let taken = page.filter { $0.kind == .withdrawal }.map(\.size)
            let withdrawn = taken.map { ReceivedEntry(number: $0, manifest: entries[Int($0)], state: .withdrawn) }
            return session.pageKept(withdrawn: withdrawn, now: now)
        case .reckonRoom: return session.roomIsThere(now: now)
        case .plan(let from, let limit): return plan(from, limit)
        case .store(let arrivals): return try store(arrivals)
        case .makeParts(let files):
            return session.partsMade(
                Dictionary(uniqueKeysWithValues: files.map { ($0.number, Self.part) }), refused: [:], now: now)
        case .commit: return session.committed(now: now)
        case .finish(let files):
            return session.finished(files.map { EndedEntry(number: $0.number, state: .finished) }, now: now)
        case .complete:
            return session.completed(
                entries: UInt64(entries.count), skipped: [:], receipt: .receipt(body: [1], signature: [2]),
                now: now)
        case .acknowledge(let numbers):
            try keep(numbers.ranges.count <= Limits.ranges, "an acknowledgement fits a message")
            return []
        case .send(let message):
            try keep(message.encoded().readableBytes <= Limits.message, "a message fits its frame")
            return []
        case .release, .discard: return []
        case .done: isOver = true
        case .fail, .disconnect:
            isOver = true
            wasRefused = true
        }
        return []
    }

    private mutating func plan(_ from: UInt64, _ limit: Int) -> [ReceiveSession.Instruction] {
        let end = min(from + UInt64(limit), UInt64(entries.count))
        let taken = Set(entries.filter { $0.kind == .withdrawal }.map(\.size))
        let plans = (from..<end).map { number -> PlannedEntry in
            let manifest = entries[Int(number)]
            let state: EntryState = taken.contains(number) ? .withdrawn : manifest.kind == .file ? .open : .finished
            let entry = ReceivedEntry(number: number, manifest: manifest, state: state)
            let chunks = manifest.kind == .file ? FilePlan(entry: number, manifest: manifest).chunks : 0..<0
            if state == .open { planned = max(planned, chunks.upperBound) }
            return PlannedEntry(entry: entry, missing: state == .open ? NumberSet(chunks) : NumberSet())
        }
        return session.planned(plans, next: end, now: now)
    }

    /// Where a digest begins with an odd byte, the chunk does not verify.
    private mutating func store(_ arrivals: [ChunkArrival]) throws -> [ReceiveSession.Instruction] {
        let results = try arrivals.map { arrival in
            let header = arrival.chunk.header
            try keep(header.number < planned, "only what was planned is stored")
            try keep(
                arrival.offset + UInt64(header.rawLength) <= arrival.entry.manifest.size, "a chunk lies within its file"
            )
            return ReceiveSession.Stored(
                entry: arrival.entry.number, number: header.number, length: header.rawLength, digest: header.digest,
                outcome: header.digest[0] & 1 == 1 ? .corrupt : .written(Self.part))
        }
        return session.stored(results, released: [Self.lane: arrivals.reduce(0) { $0 + $1.chunk.cost }], now: now)
    }
}
