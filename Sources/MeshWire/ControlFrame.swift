import FoundationEssentials

/// One message of the control link with its envelope. On the wire: 4 bytes of length (big-endian), then JSON of at most
/// 256 KiB: `{"v":1,"from":…,"seq":…,"time":…,"type":…,"body":…}`. Unknown fields are ignored.
package struct ControlFrame: Hashable, Sendable {
    package static let version = 1

    package var from: NodeID
    /// Counts the sender's messages on this link from 0; a gap or repetition closes it.
    package var sequence: UInt64
    /// Sender's clock, nanoseconds since 1970.
    package var time: Int64
    package var message: ControlMessage

    package init(from: NodeID, sequence: UInt64, time: Int64, message: ControlMessage) {
        self.from = from
        self.sequence = sequence
        self.time = time
        self.message = message
    }

    /// The JSON, without its length. Texts and bytes beyond ``ControlBounds`` do not leave.
    package func encoded() throws -> [UInt8] {
        if let excess = message.excess { throw WireError.invalid(excess) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }

    package init(reading json: [UInt8]) throws(WireError) {
        guard json.count <= Limits.control else {
            throw .tooLarge("control message", got: UInt64(json.count), limit: UInt64(Limits.control))
        }
        do {
            self = try JSONDecoder().decode(ControlFrame.self, from: Data(json))
        } catch {
            throw .invalid("control message")
        }
        if let excess = message.excess { throw .invalid(excess) }
    }
}

extension ControlFrame: Codable {
    private enum Key: String, CodingKey {
        case v, from, seq, time, type, body
    }

    private struct Ready: Codable {
        var channel: ChannelID
        var epoch: UInt32
        var fingerprint: Bytes32
    }

    private struct Failure: Codable {
        var code: FailureCode
        var regarding: UInt64?
    }

    package init(from decoder: any Decoder) throws {
        let box = try decoder.container(keyedBy: Key.self)
        guard try box.decode(Int.self, forKey: .v) == Self.version else {
            throw DecodingError.dataCorruptedError(forKey: .v, in: box, debugDescription: "another version")
        }
        from = try box.decode(NodeID.self, forKey: .from)
        sequence = try box.decode(UInt64.self, forKey: .seq)
        time = try box.decode(Int64.self, forKey: .time)
        let type = try box.decode(String.self, forKey: .type)
        message = try Self.message(type, box)
    }

    private static func message(_ type: String, _ box: KeyedDecodingContainer<Key>) throws -> ControlMessage {
        switch type {
        case "sync": return .sync(try box.decode(ClockSync.self, forKey: .body))
        case "channel-offer": return .channelOffer(try box.decode(ChannelOffer.self, forKey: .body))
        case "channel-status": return .channelStatus(try box.decode(ChannelStatus.self, forKey: .body))
        case "heartbeat": return .heartbeat
        case "ready":
            let ready = try box.decode(Ready.self, forKey: .body)
            return .ready(channel: ready.channel, epoch: ready.epoch, fingerprint: ready.fingerprint)
        case "transfer": return .transfer(try box.decode(TransferControl.self, forKey: .body))
        case "membership": return .membership(try box.decode(MembershipControl.self, forKey: .body))
        case "leaving": return .leaving(try box.decode(Failure.self, forKey: .body).code)
        case "error":
            let failure = try box.decode(Failure.self, forKey: .body)
            return .error(failure.code, regarding: failure.regarding ?? 0)
        default: return .unknown(type: String(type.prefix(64)))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var box = encoder.container(keyedBy: Key.self)
        try box.encode(Self.version, forKey: .v)
        try box.encode(from, forKey: .from)
        try box.encode(sequence, forKey: .seq)
        try box.encode(time, forKey: .time)
        try encodeMessage(&box)
    }

    private func encodeMessage(_ box: inout KeyedEncodingContainer<Key>) throws {
        func put(_ type: String, _ body: (some Encodable)?) throws {
            try box.encode(type, forKey: .type)
            try box.encodeIfPresent(body, forKey: .body)
        }
        switch message {
        case .sync(let sync): try put("sync", sync)
        case .channelOffer(let offer): try put("channel-offer", offer)
        case .channelStatus(let status): try put("channel-status", status)
        case .heartbeat: try put("heartbeat", Int?.none)
        case .ready(let channel, let epoch, let fingerprint):
            try put("ready", Ready(channel: channel, epoch: epoch, fingerprint: fingerprint))
        case .transfer(let transfer): try put("transfer", transfer)
        case .membership(let membership): try put("membership", membership)
        case .leaving(let code): try put("leaving", Failure(code: code, regarding: nil))
        case .error(let code, let sequence): try put("error", Failure(code: code, regarding: sequence))
        case .unknown(let type): try put(type, Int?.none)
        }
    }
}
