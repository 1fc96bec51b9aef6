import MeshWire
import Testing

/// What a control message has room for, found by taking every message apart: numbers, enums, identifiers, and a short list
/// of texts and byte strings with a bound each. Whoever adds a field that could hold user data finds this test in the way.
@Suite struct ControlMessageShapeTests {
    /// One of every case, every optional value there. A case that is missing does not compile below.
    private static let messages: [ControlMessage] =
        [
            .sync(ClockSync(origin: 1, received: 2, answered: 3)),
            .channelOffer(
                ChannelOffer(channel: ChannelID(counting16), epoch: 1, set: .standard, lanes: 1, key: [1])),
            .ready(channel: ChannelID(counting16), epoch: 1, fingerprint: counting),
            .heartbeat, .leaving(.leaving), .error(.unknown, regarding: 1), .unknown(type: "later"),
        ] + outcomes.map { .channelStatus(ChannelStatus(channel: ChannelID(counting16), epoch: 1, outcome: $0)) }
        + actions.map { .transfer(TransferControl(transfer: TransferID(counting16), action: $0)) }
        + memberships.map { .membership($0) }

    private static let outcomes: [ChannelStatus.Outcome] = [
        .accepted(encapsulation: [1], lanes: 1, dataHost: "h", dataPort: 1), .rejected(.tooMany), .closed(.leaving),
    ]
    private static let actions: [TransferControl.Action] = [
        .offer(stream: 1, sums: TransferSums(entries: 1, files: 1, bytes: 1, allocated: 1), counting: true),
        .accept(manifestFrom: 1), .decline(.declined), .pause, .cancel,
    ]
    private static let memberships: [MembershipControl] = [
        .introduce(name: "ada", version: 1, instance: InstanceID(Bytes16())), .pin(secret: counting), .pinned,
        .request(name: "ada", csr: [1]),
        .grant(membership: [1]), .refused(.nameTaken),
    ]

    /// No `default`: a new case is a new name here, and then a new message above.
    private static func name(_ message: ControlMessage) -> String {
        switch message {
        case .sync: "sync"
        case .channelOffer: "channelOffer"
        case .channelStatus(let status):
            switch status.outcome {
            case .accepted: "accepted"
            case .rejected: "rejected"
            case .closed: "closed"
            }
        case .heartbeat: "heartbeat"
        case .ready: "ready"
        case .transfer(let transfer):
            switch transfer.action {
            case .offer: "offer"
            case .accept: "accept"
            case .decline: "decline"
            case .pause: "pause"
            case .cancel: "cancel"
            }
        case .membership(let membership):
            switch membership {
            case .introduce: "introduce"
            case .pin: "pin"
            case .pinned: "pinned"
            case .request: "request"
            case .grant: "grant"
            case .refused: "refused"
            }
        case .leaving: "leaving"
        case .error: "error"
        case .unknown: "unknown"
        }
    }
    private static let nameCount = 21

    /// Types without room for a text: a number, one of a list, or a fixed number of bytes that is a name or a digest.
    private static let harmless: [Any.Type] = [
        Bool.self, Int.self, Int64.self, UInt16.self, UInt32.self, UInt64.self, FailureCode.self, PrimeSetName.self,
        ChannelID.self, TransferID.self, InstanceID.self, NodeID.self, Bytes32.self,
    ]

    /// The only places that hold text or bytes of no fixed size, with what they hold at most.
    private static let bounded: [String: (limit: Int, holding: @Sendable (Int) -> ControlMessage)] = [
        "channelOffer.key": (
            1_216,
            {
                .channelOffer(
                    ChannelOffer(
                        channel: ChannelID(counting16), epoch: 1, set: .high, lanes: 1, key: bytes($0)))
            }
        ),
        "accepted.encapsulation": (1_120, { accepted(bytes($0), nil) }),
        "accepted.dataHost": (253, { accepted([], text($0)) }),
        "introduce.name": (
            63, { .membership(.introduce(name: text($0), version: 1, instance: InstanceID(Bytes16()))) }
        ),
        "request.name": (63, { .membership(.request(name: text($0), csr: [])) }),
        "request.csr": (4_096, { .membership(.request(name: "a", csr: bytes($0))) }),
        "grant.membership": (65_536, { .membership(.grant(membership: bytes($0))) }),
        "unknown.type": (64, { .unknown(type: text($0)) }),
    ]

    private static func accepted(_ encapsulation: [UInt8], _ host: String?) -> ControlMessage {
        .channelStatus(
            ChannelStatus(
                channel: ChannelID(counting16), epoch: 1,
                outcome: .accepted(encapsulation: encapsulation, lanes: 1, dataHost: host, dataPort: nil)))
    }
    private static func text(_ count: Int) -> String { String(repeating: "a", count: count) }
    private static func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }

    /// Every value inside, down to those of harmless types and those that hold text or bytes; the latter's places.
    private func places(_ value: Any, _ path: [String], into found: inout Set<String>) {
        if Self.harmless.contains(where: { $0 == type(of: value) }) { return }
        let mirror = Mirror(reflecting: value)
        let isData = value is String || mirror.displayStyle == .collection || mirror.displayStyle == .dictionary
        if isData || (mirror.children.isEmpty && mirror.displayStyle != .enum) {
            found.insert(path.suffix(2).joined(separator: "."))
            return
        }
        #expect(
            mirror.displayStyle != .optional || !mirror.children.isEmpty, "nothing at \(path): it could hide a text")
        for child in mirror.children {
            let isUnnamed = child.label.map { $0.hasPrefix(".") || $0 == "some" } ?? true
            places(child.value, isUnnamed ? path : path + [child.label!], into: &found)
        }
    }

    @Test func everyMessageIsTakenApart() {
        #expect(Set(Self.messages.map(Self.name)).count == Self.nameCount)
    }

    @Test func textAndBytesHaveTheirPlaces() {
        var found: Set<String> = []
        for message in Self.messages { places(message, [], into: &found) }
        #expect(found == Set(Self.bounded.keys))
    }

    @Test func theWalkFindsWhatIsHidden() {
        struct Inner { var note: String? = "free text" }
        struct Outer { var numbers = (1, 2), inner = [Inner()], one = Inner(), float = 1.5, map = ["a": 1] }
        var found: Set<String> = []
        places(Outer(), ["message"], into: &found)
        #expect(found == ["message.inner", "one.note", "message.float", "message.map"])
    }

    @Test(arguments: bounded.keys.sorted()) func eachHasItsBound(_ place: String) throws {
        let (limit, holding) = Self.bounded[place]!
        let frame = { ControlFrame(from: NodeID(counting), sequence: 0, time: 0, message: holding($0)) }
        #expect(try ControlFrame(reading: frame(limit).encoded()) == frame(limit))
        #expect(throws: WireError.self) { try frame(limit + 1).encoded() }
    }

    /// Names and addresses are no notes: what else is put into them is neither sent nor believed.
    @Test(arguments: ["", "Ada", "a b", "é", "a/b", "a\n", "a_b", "a.b"]) func namesAreNames(_ name: String) throws {
        let frame = { name in
            ControlFrame(
                from: NodeID(counting), sequence: 0, time: 0,
                message: .membership(.introduce(name: name, version: 1, instance: InstanceID(Bytes16()))))
        }
        #expect(throws: WireError.invalid("node name")) { try frame(name).encoded() }
        let json = String(decoding: try frame("ada").encoded(), as: UTF8.self)
        let escaped = name.replacing("\n", with: "\\n")
        #expect(throws: WireError.invalid("node name")) {
            try ControlFrame(reading: Array(json.replacing("\"ada\"", with: "\"\(escaped)\"").utf8))
        }
    }

    @Test(arguments: ["", "a b", "é", "a/b", "a\u{0}"]) func addressesAreAddresses(_ host: String) throws {
        let frame = ControlFrame(from: NodeID(counting), sequence: 0, time: 0, message: Self.accepted([], host))
        #expect(throws: WireError.invalid("data address")) { try frame.encoded() }
    }
}
