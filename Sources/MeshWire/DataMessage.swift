package import NIOCore

/// A message on the data plane: what sender and receiver of one transfer tell each other besides chunks.
package enum DataMessage: Hashable, Sendable {
    /// Sender: entries from number `first` on, as a zlib stream of their encodings (``ManifestEntry``), `rawLength`
    /// plain bytes.
    case manifestPage(first: UInt64, count: Int, rawLength: Int, deflated: ByteBuffer)
    /// Sender: the manifest is whole with these many entries and chunks. May come again after entries were added.
    case manifestEnd(entries: UInt64, chunks: UInt64)
    /// Receiver: the entries before this number are in its journal; the sender keeps at most four pages ahead of it.
    case manifestKept(entries: UInt64)
    /// Receiver: a page is missing; send again from this entry on.
    case manifestAgain(from: UInt64)
    /// Receiver: send these chunks; and say of these entries, all of whose chunks are there, whether they are sealed.
    case want(chunks: NumberSet, seals: NumberSet)
    /// Receiver: these chunks arrived and did not verify; send them again. A `want` alone does not say that: what is on its
    /// way is not sent twice for it.
    case damaged(chunks: NumberSet)
    /// Sender: these file entries did not change while they were read.
    case sealed(entries: NumberSet)
    /// Sender: this file of open length ended behind so many bytes, and is sealed.
    case length(entry: UInt64, size: UInt64)
    /// Receiver, at the beginning of a link: it has these chunks of files of open length, perhaps by an earlier link.
    case held(chunks: NumberSet)
    /// Receiver: these entries are left out, and why: as soon as that is known, and once more, in pieces, before the receipt.
    /// `chunks` of them need not come.
    case skipped(SkipReason, entries: NumberSet, chunks: NumberSet)
    /// Receiver: all is done; the signed receipt (``Receipt``).
    case receipt(body: [UInt8], signature: [UInt8])
    /// Sender: the receipt is kept, and this is the root as the sender sees it.
    case received(root: Digest)
    /// Either: this transfer ends here for a reason.
    case failed(FailureCode)

    fileprivate enum Subtype: UInt8 {
        case manifestPage = 1
        case manifestEnd = 2
        case want = 3
        case sealed = 4
        case skipped = 5
        case receipt = 6
        case received = 7
        case failed = 8
        case manifestKept = 9
        case manifestAgain = 10
        case damaged = 11
        case length = 12
        case held = 13
    }

    /// The payload of a `message` frame.
    package func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        switch self {
        case .manifestPage(let first, let count, let rawLength, let deflated):
            buffer.begin(.manifestPage)
            buffer.writeVarint(first)
            buffer.writeVarint(UInt64(count))
            buffer.writeVarint(UInt64(rawLength))
            buffer.writeImmutableBuffer(deflated)
        case .manifestEnd(let entries, let chunks):
            buffer.begin(.manifestEnd)
            buffer.writeVarint(entries)
            buffer.writeVarint(chunks)
        case .manifestKept(let entries):
            buffer.begin(.manifestKept)
            buffer.writeVarint(entries)
        case .manifestAgain(let from):
            buffer.begin(.manifestAgain)
            buffer.writeVarint(from)
        case .want(let chunks, let seals):
            buffer.begin(.want)
            buffer.writeNumbers(chunks)
            buffer.writeNumbers(seals)
        case .damaged(let chunks): buffer.begin(.damaged, chunks)
        case .held(let chunks): buffer.begin(.held, chunks)
        case .sealed(let entries): buffer.begin(.sealed, entries)
        case .length(let entry, let size):
            buffer.begin(.length)
            buffer.writeVarint(entry)
            buffer.writeVarint(size)
        case .skipped(let reason, let entries, let chunks):
            buffer.begin(.skipped)
            buffer.writeInteger(reason.rawValue)
            buffer.writeNumbers(entries)
            buffer.writeNumbers(chunks)
        case .receipt(let body, let signature):
            buffer.begin(.receipt)
            buffer.writeCountedBytes(body)
            buffer.writeCountedBytes(signature)
        case .received(let root):
            buffer.begin(.received)
            buffer.writeBytes32(root)
        case .failed(let code):
            buffer.begin(.failed)
            buffer.writeInteger(code.rawValue)
        }
        return buffer
    }

    /// Reads a whole payload; bytes after its end are refused.
    package init(reading payload: ByteBuffer) throws(WireError) {
        var buffer = payload
        let code = try buffer.wireUInt8("message type")
        guard let subtype = Subtype(rawValue: code) else { throw .unknown("message type", UInt64(code)) }
        self = try Self.read(subtype, &buffer)
        try buffer.wireEnd("message")
    }

    private static func read(_ subtype: Subtype, _ buffer: inout ByteBuffer) throws(WireError) -> DataMessage {
        switch subtype {
        case .manifestPage: try readPage(&buffer)
        case .manifestEnd:
            .manifestEnd(
                entries: try buffer.wireVarint("entry count", limit: Limits.entries),
                chunks: try buffer.wireVarint("chunk count", limit: Limits.chunks))
        case .manifestKept: .manifestKept(entries: try buffer.wireVarint("entry count", limit: Limits.entries))
        case .manifestAgain: .manifestAgain(from: try buffer.wireVarint("entry number", limit: Limits.entries))
        case .want:
            .want(
                chunks: try buffer.wireNumbers("wanted chunk", bound: Limits.chunks),
                seals: try buffer.wireNumbers("wanted seal", bound: Limits.entries))
        case .held: .held(chunks: try buffer.wireNumbers("held chunk", bound: Limits.chunks))
        case .damaged: .damaged(chunks: try buffer.wireNumbers("damaged chunk", bound: Limits.chunks))
        case .sealed: .sealed(entries: try buffer.wireNumbers("sealed entry", bound: Limits.entries))
        case .length:
            .length(
                entry: try buffer.wireVarint("entry number", limit: Limits.entries),
                size: try buffer.wireVarint("file size", limit: Limits.openRoom * UInt64(Limits.openChunk)))
        case .skipped: try readSkipped(&buffer)
        case .receipt:
            .receipt(
                body: try buffer.wireBytes("receipt", limit: Limits.receipt),
                signature: try buffer.wireBytes("receipt signature", limit: 256))
        case .received: .received(root: try buffer.wireBytes32("root"))
        case .failed: .failed(try FailureCode(reading: &buffer))
        }
    }

    private static func readSkipped(_ buffer: inout ByteBuffer) throws(WireError) -> DataMessage {
        let code = try buffer.wireUInt8("reason")
        guard let reason = SkipReason(rawValue: code), reason.isReceivers else {
            throw .unknown("reason", UInt64(code))
        }
        return .skipped(
            reason, entries: try buffer.wireNumbers("skipped entry", bound: Limits.entries),
            chunks: try buffer.wireNumbers("skipped chunk", bound: Limits.chunks))
    }

    private static func readPage(_ buffer: inout ByteBuffer) throws(WireError) -> DataMessage {
        let first = try buffer.wireVarint("entry number", limit: Limits.entries)
        let count = try buffer.wireVarint("entry count", limit: UInt64(Limits.page))
        let rawLength = try buffer.wireVarint("manifest page", limit: UInt64(Limits.page))
        let deflated = buffer.readSlice(length: buffer.readableBytes) ?? ByteBuffer()
        return .manifestPage(first: first, count: Int(count), rawLength: Int(rawLength), deflated: deflated)
    }
}

extension ByteBuffer {
    fileprivate mutating func begin(_ subtype: DataMessage.Subtype) { writeInteger(subtype.rawValue) }

    fileprivate mutating func begin(_ subtype: DataMessage.Subtype, _ numbers: NumberSet) {
        begin(subtype)
        writeNumbers(numbers)
    }
}
