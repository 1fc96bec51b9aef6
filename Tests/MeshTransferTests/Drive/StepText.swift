// Steps of drivers as lines of text, so that a test reads as the conversation it is.
import MeshTransfer
import MeshWire
import NIOCore

extension [SendDriver.Step] {
    var text: [String] { map(\.text) }
}

extension SendDriver.Step {
    var text: String {
        switch self {
        case .message(let message): message.text
        case .transmit(let lane, let frames): "transmit on \(lane.prime): \(chunkNumbers(frames).text)"
        case .say(let message): "say \(message.text)"
        case .encode(let job): "encode #\(job.id): \(NumberSet(job.pieces.map(\.number)).text) \(job.choice.text)"
        case .journal(let job): "journal: \(job.text)"
        case .release(let entries): "release \(NumberSet(entries.map(\.number)).text)"
        case .report(let news): "report \(news.text)"
        case .ended(let end): "ended: \(end.text)"
        }
    }
}

extension SendDriver.Job {
    fileprivate var text: String {
        switch self {
        case .page(let from): "page from \(from)"
        case .load(let chunk): "load \(chunk)"
        case .record(let records): "record \(NumberSet(records.map(\.number)).text)"
        case .keep(let there): "keep \(there.map { $0.chunks.text }.joined(separator: ", "))"
        case .checkSeals(let numbers): "check seals \(numbers.text)"
        case .withdraw(let entries, let again):
            "withdraw \(NumberSet(entries.map(\.number)).text)\(again ? " and add again" : "")"
        case .checkReceipt(_, _, let skipped): "check receipt" + skipped.text
        }
    }
}

extension SendDriver.News {
    fileprivate var text: String {
        switch self {
        case .offered(let sums, let isCounting): "offered \(sums.files)\(isCounting ? ", counting" : "")"
        case .accepted: "accepted"
        case .sealed(let entries): "sealed \(NumberSet(entries.map(\.number)).text)"
        case .unread(let entry, _): "unread \(entry.number)"
        case .gaveUp(let entries): "gave up \(NumberSet(entries.map(\.number)).text)"
        }
    }
}

extension [ReceiveDriver.Step] {
    var text: [String] { map(\.text) }
}

extension ReceiveDriver.Step {
    var text: String {
        switch self {
        case .message(let message): message.text
        case .acknowledge(let numbers): "acknowledge \(numbers.text)"
        case .free(let lane, let bytes): "free \(bytes) on \(lane.prime)"
        case .say(let message): "say \(message.text)"
        case .pool(let job): "pool: \(job.text)"
        case .journal(let job): "journal: \(job.text)"
        case .lookUp: "look up"
        case .ask(let offered): "ask about \(offered.names.joined(separator: ", "))"
        case .create(_, let isPiped): "create\(isPiped ? " what is piped" : "")"
        case .report(.accepted): "report accepted"
        case .report(.ended(let entries)): "report ended \(NumberSet(entries.map(\.end.number)).text)"
        case .ended(let end): "ended: \(end.text)"
        }
    }
}

extension ReceiveDriver.PoolJob {
    fileprivate var text: String {
        switch self {
        case .decodePage(let first, let count, _, _): "decode page \(first) (\(count))"
        case .store(let arrivals): "store \(NumberSet(arrivals.map(\.chunk.header.number)).text)"
        case .makeParts(let entries): "make parts \(NumberSet(entries.map(\.number)).text)"
        case .finish(let entries): "finish \(NumberSet(entries.map(\.number)).text)"
        case .discard(let entry): "discard \(entry.number)"
        }
    }
}

extension ReceiveDriver.JournalJob {
    fileprivate var text: String {
        switch self {
        case .keepPage(let entries): "keep page of \(entries.count)"
        case .reckonRoom: "reckon room"
        case .plan(let from, _): "plan from \(from)"
        case .commit(let group): "commit\(group.text)"
        case .complete: "complete"
        }
    }
}

extension TransferEnd {
    fileprivate var text: String {
        switch self {
        case .done: "done"
        case .told(let code): "told \(code)"
        case .failed(let code, let error): "failed \(code)\(error == nil ? "" : " with its cause")"
        case .breach: "breach"
        }
    }
}

extension ControlMessage {
    fileprivate var text: String {
        switch self {
        case .transfer(let control): control.action.text
        case .error(let code, _): "error \(code)"
        default: "something else"
        }
    }
}

extension TransferControl.Action {
    fileprivate var text: String {
        switch self {
        case .offer(let stream, let sums, let counting, let piped):
            "offer of \(sums.files) on \(stream)\(counting ? ", counting" : "")\(piped ? ", piped" : "")"
        case .accept(let from): "accept from \(from)"
        case .decline(let code): "decline \(code)"
        case .cancel: "cancel"
        case .pause: "pause"
        }
    }
}

func message(_ message: DataMessage, stream: UInt16 = 1) -> InboundFrame {
    .message(stream: stream, message.encoded())
}

func acknowledgement(_ numbers: NumberSet, stream: UInt16 = 1) -> InboundFrame {
    var payload = ByteBuffer()
    payload.writeNumbers(numbers)
    return .acknowledgement(stream: stream, payload)
}
