// What the transcripts of a receiving session begin with.
import MeshTransfer
import MeshWire
import NIOCore

let now: UInt64 = 5_000_000_000

func stored(
    _ number: UInt64, of entry: UInt64, length: Int = 1, _ outcome: StoreOutcome? = nil
) -> ReceiveSession.Stored {
    ReceiveSession.Stored(
        entry: entry, number: number, length: length, digest: digest(number),
        outcome: outcome ?? .written(part(entry)))
}

/// A session whose journal has files of `sizes`, all of them planned and nothing of them there; one of them wanted.
func receiving(_ sizes: [UInt64]) -> ReceiveSession {
    let entries = received(sizes)
    var session = ReceiveSession(totals: totals(entries.map(\.manifest)), now: now)
    _ = session.start(now: now)
    _ = session.planned(entries.map { planned($0) }, next: UInt64(sizes.count), now: now)
    for entry in entries where entry.manifest.size >= Limits.sizedFile {
        _ = session.partsMade([entry.number: part(entry.number)], refused: [:], now: now)
    }
    let chunks = totals(entries.map(\.manifest)).chunks
    _ = session.message(.manifestEnd(entries: UInt64(sizes.count), chunks: chunks), now: now)
    return session
}

/// All of it missing, or what is given.
func planned(_ entry: ReceivedEntry, missing: NumberSet? = nil) -> PlannedEntry {
    let plan = FilePlan(entry: entry.number, manifest: entry.manifest)
    return PlannedEntry(entry: entry, missing: missing ?? NumberSet(plan.chunks))
}

func page(_ first: UInt64, _ count: Int) -> DataMessage {
    .manifestPage(first: first, count: count, rawLength: 1, deflated: ByteBuffer())
}

/// What the journal says of an entry after it was taken back: `part` where it had one.
func takenBack(_ entry: UInt64, part identity: PartIdentity? = nil, finalName: [UInt8]? = nil) -> ReceivedEntry {
    ReceivedEntry(
        number: entry, manifest: received([1])[0].manifest, state: .withdrawn, part: identity, finalName: finalName)
}

let receiptMessage = DataMessage.receipt(body: [1], signature: [2])
