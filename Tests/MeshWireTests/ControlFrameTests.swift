import MeshWire
import Testing

@Suite struct ControlFrameTests {
    private static let node = "000g40-r40m30-e20918-5gr38e-1w8124-gk2gah-c5rr34-d1p70x-3rfgth"
    private static let id = "000g40r40m30e209185gr38e1w"
    private static let offer = #"{"v":1,"from":"N","seq":7,"time":1,"type":"channel-offer","body":"#
    private static let channel = ChannelID(counting16)
    private static let transfer = TransferID(counting16)

    /// What stands between `"body":` and `,"from"`, and the type; an empty body is none.
    private static let cases: [(body: String, type: String, message: ControlMessage)] = [
        (#"{"origin":-5}"#, "sync", .sync(ClockSync(origin: -5))),
        (
            #"{"answered":3,"origin":1,"received":2}"#, "sync",
            .sync(ClockSync(origin: 1, received: 2, answered: 3))
        ),
        (
            #"{"channel":"\#(id)","epoch":4,"key":[1,255],"lanes":8,"set":"high"}"#, "channel-offer",
            .channelOffer(ChannelOffer(channel: channel, epoch: 4, set: .high, lanes: 8, key: [1, 255]))
        ),
        (
            #"{"channel":"\#(id)","epoch":4,"outcome":{"accepted":"#
                + #"{"dataHost":"h","dataPort":7,"encapsulation":[9],"lanes":2}}}"#,
            "channel-status",
            .channelStatus(
                ChannelStatus(
                    channel: channel, epoch: 4,
                    outcome: .accepted(encapsulation: [9], lanes: 2, dataHost: "h", dataPort: 7)))
        ),
        (
            #"{"channel":"\#(id)","epoch":0,"outcome":{"rejected":{"_0":18}}}"#, "channel-status",
            .channelStatus(ChannelStatus(channel: channel, epoch: 0, outcome: .rejected(.tooMany)))
        ),
        ("", "heartbeat", .heartbeat),
        (
            #"{"channel":"\#(id)","epoch":1,"fingerprint":"\#(countingHex)"}"#, "ready",
            .ready(channel: channel, epoch: 1, fingerprint: counting)
        ),
        (
            #"{"action":{"offer":{"counting":true,"piped":false,"stream":3,"sums":"#
                + #"{"allocated":9,"bytes":8,"entries":2,"files":1}}},"transfer":"\#(id)"}"#,
            "transfer",
            .transfer(
                TransferControl(
                    transfer: transfer,
                    action: .offer(
                        stream: 3, sums: TransferSums(entries: 2, files: 1, bytes: 8, allocated: 9), counting: true)))
        ),
        (
            #"{"action":{"accept":{"manifestFrom":5}},"transfer":"\#(id)"}"#, "transfer",
            .transfer(TransferControl(transfer: transfer, action: .accept(manifestFrom: 5)))
        ),
        (
            #"{"action":{"pause":{}},"transfer":"\#(id)"}"#, "transfer",
            .transfer(TransferControl(transfer: transfer, action: .pause))
        ),
        (
            #"{"introduce":{"instance":"00000000000000000000000000","name":"alice","version":1}}"#, "membership",
            .membership(.introduce(name: "alice", version: 1, instance: InstanceID(Bytes16())))
        ),
        (#"{"pin":{"secret":"\#(countingHex)"}}"#, "membership", .membership(.pin(secret: counting))),
        (#"{"code":11}"#, "leaving", .leaving(.leaving)),
        (#"{"code":17,"regarding":6}"#, "error", .error(.unsupported, regarding: 6)),
        ("", "later", .unknown(type: "later")),
    ]

    private func json(_ body: String, _ type: String) -> String {
        let body = body.isEmpty ? "" : #""body":\#(body),"#
        return #"{\#(body)"from":"\#(Self.node)","seq":7,"time":-9,"type":"\#(type)","v":1}"#
    }

    private func frame(_ message: ControlMessage) -> ControlFrame {
        ControlFrame(from: NodeID(counting), sequence: 7, time: -9, message: message)
    }

    @Test(arguments: cases) func vectors(body: String, type: String, message: ControlMessage) throws {
        let text = json(body, type)
        #expect(String(decoding: try frame(message).encoded(), as: UTF8.self) == text)
        #expect(try ControlFrame(reading: bytes(text)) == frame(message))
    }

    @Test func everyMessageThatCarriesACodeOrBytesComesBack() throws {
        let status = { ControlMessage.channelStatus(ChannelStatus(channel: Self.channel, epoch: 1, outcome: $0)) }
        let transfer = { ControlMessage.transfer(TransferControl(transfer: Self.transfer, action: $0)) }
        let messages: [ControlMessage] = [
            status(.closed(.leaving)), status(.accepted(encapsulation: [], lanes: 1, dataHost: nil, dataPort: nil)),
            transfer(.cancel), transfer(.decline(.declined)), .membership(.pinned),
            .membership(.request(name: "b", csr: [1])), .membership(.grant(membership: [2])),
            .membership(.refused(.nameTaken)),
        ]
        for message in messages + FailureCode.allCases.map({ .leaving($0) }) {
            #expect(try ControlFrame(reading: frame(message).encoded()) == frame(message))
        }
    }

    @Test func unknownFieldsAreIgnoredAndUnknownTypesSaidToBe() throws {
        let text = json(#"{"origin":1,"later":{"a":[1,2]}}"#, "sync")
        #expect(try ControlFrame(reading: bytes(text)).message == .sync(ClockSync(origin: 1)))
        let more = text.dropLast() + #","extra":null}"#
        #expect(try ControlFrame(reading: bytes(String(more))).message == .sync(ClockSync(origin: 1)))
        let long = String(repeating: "x", count: 1_000)
        #expect(try ControlFrame(reading: bytes(json("", long))).message == .unknown(type: String(long.prefix(64))))
        #expect(
            try ControlFrame(reading: bytes(json(#"{"a":1}"#, "later"))).message == .unknown(type: "later"))
    }

    @Test(arguments: [
        "", "{}", "[]", "null", "{", #"{"v":1}"#, #"{"v":2,"from":"N","seq":7,"time":1,"type":"heartbeat"}"#,
        #"{"v":1,"from":"x","seq":7,"time":1,"type":"heartbeat"}"#,
        #"{"v":1,"from":"N","seq":-1,"time":1,"type":"heartbeat"}"#,
        #"{"v":1,"from":"N","seq":7,"time":1.5,"type":"heartbeat"}"#,
        #"{"v":1,"from":"N","seq":7,"time":1,"type":"sync"}"#,
        #"{"v":1,"from":"N","seq":7,"time":1,"type":"leaving","body":{"code":99}}"#,
        #"{"v":1,"from":"N","seq":7,"time":1,"type":"ready","body":{"channel":"x","epoch":1,"fingerprint":"F"}}"#,
        offer + #"{"channel":"I","epoch":-1,"set":"high","lanes":1,"key":[]}}"#,
        offer + #"{"channel":"I","epoch":1,"set":"low","lanes":1,"key":[]}}"#,
        offer + #"{"channel":"I","epoch":1,"set":"high","lanes":1,"key":[256]}}"#,
    ]) func whatIsNoControlMessageIsRefused(text: String) {
        let filled = text.split(separator: "\"", omittingEmptySubsequences: false)
            .map { ["N": Self.node, "I": Self.id, "F": countingHex][String($0)] ?? String($0) }
            .joined(separator: "\"")
        #expect(throws: WireError.invalid("control message")) { try ControlFrame(reading: bytes(filled)) }
    }

    @Test func everyBeginningOfAMessageIsRefused() throws {
        let whole = bytes(json(Self.cases[2].body, "channel-offer"))
        for count in 0..<whole.count {
            #expect(throws: WireError.invalid("control message")) {
                try ControlFrame(reading: Array(whole.prefix(count)))
            }
        }
    }

    @Test func aMessageHasAtMost256KiB() throws {
        let text = json("", "heartbeat")
        let padded = bytes(text) + [UInt8](repeating: 0x20, count: Limits.control - text.utf8.count)
        #expect(try ControlFrame(reading: padded).message == .heartbeat)
        #expect(throws: WireError.tooLarge("control message", got: 262_145, limit: 262_144)) {
            try ControlFrame(reading: padded + [0x20])
        }
    }

    @Test func deepNestingIsRefused() {
        let nest = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(throws: WireError.invalid("control message")) { try ControlFrame(reading: bytes(json(nest, "sync"))) }
    }
}
