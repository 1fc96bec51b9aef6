// Instructions as lines of text, so that a session's test reads as the conversation it is.
import MeshTransfer
import MeshWire
import NIOCore

extension DataMessage {
    var text: String {
        switch self {
        case .manifestPage(let first, let count, _, _): "page \(first) (\(count))"
        case .manifestEnd(let entries, let chunks): "end \(entries) entries \(chunks) chunks"
        case .manifestKept(let entries): "kept \(entries)"
        case .manifestAgain(let from): "again from \(from)"
        case .want(let chunks, let seals):
            "want" + (chunks.isEmpty ? "" : " \(chunks.text)") + (seals.isEmpty ? "" : " seals \(seals.text)")
        case .damaged(let chunks): "damaged \(chunks.text)"
        case .sealed(let entries): "sealed \(entries.text)"
        case .skipped(let reason, let entries, let chunks):
            "skipped \(reason.word) \(entries.text)" + (chunks.isEmpty ? "" : " chunks \(chunks.text)")
        case .held(let chunks): "held \(chunks.text)"
        case .length(let entry, let size): "length \(entry) \(size)"
        case .receipt: "receipt"
        case .received: "received"
        case .failed(let code): "failed \(code)"
        }
    }
}

extension [SendSession.Instruction] {
    var text: [String] { map(\.text) }

    /// The jobs among them.
    var jobs: [SendSession.EncodeJob] {
        compactMap { instruction in
            if case .encode(let job) = instruction { return job }
            return nil
        }
    }
}

extension SendSession.Instruction {
    var text: String {
        switch self {
        case .sendPage(let from): "page from \(from)"
        case .send(let message): "send \(message.text)"
        case .load(let chunk): "load \(chunk)"
        case .encode(let job): "encode #\(job.id): \(NumberSet(job.pieces.map(\.number)).text) \(job.choice.text)"
        case .transmit(let lane, let frames): "transmit on \(lane.prime): \(chunkNumbers(frames).text)"
        case .seal(let entries, let fresh) where entries.isEmpty:
            "seal nothing, \(NumberSet(fresh.map(\.number)).text) for the first time"
        case .keep(let there):
            "keep " + there.map { "\($0.chunks.text) of \($0.entry.number)" }.joined(separator: ", ")
        case .stop(let file): "stop \(file.number)"
        case .seal(let entries, let fresh):
            "seal \(NumberSet(entries.map(\.number)).text)\(fresh.count < entries.count ? ", some again" : "")"
        case .checkSeals(let entries): "check seals \(entries.text)"
        case .record(let records): "record \(NumberSet(records.map(\.number)).text)"
        case .withdraw(let entries, let again):
            "withdraw \(NumberSet(entries.map(\.number)).text)\(again ? " and add again" : "")"
        case .checkReceipt(_, _, let skipped): "check receipt" + skipped.text
        case .complete: "complete"
        case .fail(let code, let toPeer): "fail \(code)\(toPeer ? ", tell the peer" : "")"
        case .disconnect: "disconnect"
        }
    }
}

extension CompressionChoice {
    var text: String {
        switch self {
        case .raw: "raw"
        case .deflate(let level): "deflate \(level)"
        case .probe(let level): "probe \(level)"
        }
    }
}

/// Numbers of the chunks in `frames`.
func chunkNumbers(_ frames: ByteBuffer) -> NumberSet {
    var decoder = FrameDecoder()
    decoder.handshakeCompleted()
    decoder.feed(frames)
    var numbers = NumberSet()
    while case .chunk(let chunk) = try! decoder.next() { numbers.insert(chunk.header.number) }
    return numbers
}

extension [ReceiveSession.Instruction] {
    var text: [String] { map(\.text) }
}

extension ReceiveSession.Instruction {
    var text: String {
        switch self {
        case .decodePage(let first, let count, _, _): "decode page \(first) (\(count))"
        case .keepPage(let entries): "keep page of \(entries.count)"
        case .send(let message): "send \(message.text)"
        case .reckonRoom: "reckon room"
        case .plan(let from, _): "plan from \(from)"
        case .store(let arrivals): "store \(NumberSet(arrivals.map(\.chunk.header.number)).text)"
        case .makeParts(let entries): "make parts \(NumberSet(entries.map(\.number)).text)"
        case .release(let lane, let bytes): "release \(bytes) on \(lane.prime)"
        case .commit(let group): "commit\(group.text)"
        case .acknowledge(let numbers): "acknowledge \(numbers.text)"
        case .finish(let entries): "finish \(NumberSet(entries.map(\.number)).text)"
        case .discard(let entry): "discard \(entry.number)"
        case .complete: "complete"
        case .done: "done"
        case .fail(let code, let toPeer): "fail \(code)\(toPeer ? ", tell the peer" : "")"
        case .disconnect(let error): "disconnect: \(error)"
        }
    }
}

extension CommitGroup {
    /// ` chunks 0-1 parts 0 sealed 0 finishing 0 ended 0 retries 1`, what is empty left out.
    var text: String {
        let lists: [(String, NumberSet)] = [
            ("chunks", NumberSet(chunks.map(\.number))), ("parts", NumberSet(parts.keys)),
            ("sealed", NumberSet(sealed)), ("lengths", NumberSet(lengths.keys)),
            ("finishing", NumberSet(finishing.keys)),
            ("ended", NumberSet(ended.map(\.number))),
        ]
        return lists.filter { !$0.1.isEmpty }.map { " \($0.0) \($0.1.text)" }.joined()
            + (retries.isEmpty ? "" : " retries \(retries.count)")
    }
}

extension [SkipReason: NumberSet] {
    var text: String {
        let sets = filter { !$0.value.isEmpty }.sorted { $0.key.rawValue < $1.key.rawValue }
        return sets.map { " without \($0.value.text)" }.joined()
    }
}
