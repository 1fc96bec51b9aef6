import MeshWire
import NIOCore
import Testing

@Suite struct DataMessageTests {
    private static let cases: [(text: String, message: DataMessage)] = [
        ("01 8001 02 03 aabb", .manifestPage(first: 128, count: 2, rawLength: 3, deflated: buffer("aabb"))),
        ("02 05 ac02", .manifestEnd(entries: 5, chunks: 300)),
        ("03 02 00 01 03 00 01 07 00", .want(chunks: NumberSet([0..<2, 5..<6]), seals: NumberSet(7..<8))),
        ("03 00 00", .want(chunks: NumberSet(), seals: NumberSet())),
        ("04 01 01 01", .sealed(entries: NumberSet(1..<3))),
        (
            "05 10 01 ffffff07 00 01 05 00",
            .skipped(.name, entries: NumberSet(16_777_215..<16_777_216), chunks: NumberSet(5..<6))
        ),
        ("06 02 0102 01 ff", .receipt(body: [1, 2], signature: [255])),
        ("07" + countingHex, .received(root: counting)),
        ("08 0007", .failed(.integrity)),
        ("09 05", .manifestKept(entries: 5)),
        ("0a 808008", .manifestAgain(from: 131_072)),
        ("0b 01 00 00", .damaged(chunks: NumberSet(0..<1))),
        ("0c 05 ac02", .length(entry: 5, size: 300)),
        ("0d 01 00 00", .held(chunks: NumberSet(0..<1))),
    ]

    private func read(_ payload: ByteBuffer) throws(WireError) -> DataMessage { try DataMessage(reading: payload) }
    private func refused(_ text: String) -> WireError? { refusal(of: buffer(text), read) }

    @Test(arguments: cases) func vectors(text: String, message: DataMessage) throws {
        #expect(array(message.encoded()) == hex(text))
        #expect(try read(buffer(text)) == message)
    }

    @Test(arguments: cases) func aMessageIsReadWhole(text: String, message: DataMessage) {
        // A page's deflated bytes are whatever is left.
        if case .manifestPage = message { return }
        expectWhole(message.encoded(), read)
    }

    @Test func aPageWithoutItsNumbersIsTruncated() {
        for text in ["01", "01 80", "01 00", "01 00 01", "01 00 01 80"] {
            guard case .truncated = refused(text) else { return #expect(Bool(false), "\(text)") }
        }
        #expect(refused("01 00 01 01") == nil)
    }

    @Test func otherTypesAreUnknown() {
        #expect(refused("") == .truncated("message type"))
        for code in [UInt8(0), 14, 15, 128, 255] {
            #expect(refused(String(code, radix: 16).leftPadded) == .unknown("message type", UInt64(code)))
        }
        #expect(refused("08 0000") == .unknown("failure code", 0))
        #expect(refused("08 0016") == .unknown("failure code", 22))
    }

    @Test func failureCodesCrossTheWire() throws {
        for code in FailureCode.allCases {
            let message = DataMessage.failed(code)
            #expect(try read(message.encoded()) == message)
        }
        #expect(FailureCode.allCases.map(\.rawValue) == Array(1...21))
    }

    /// The largest value that is taken, and the error of the next.
    private static let limits: [(good: DataMessage, bad: DataMessage, error: WireError)] = [
        (
            .manifestEnd(entries: 1 << 24, chunks: 0), .manifestEnd(entries: 1 << 24 + 1, chunks: 0),
            .tooLarge("entry count", got: 1 << 24 + 1, limit: 1 << 24)
        ),
        (
            .manifestEnd(entries: 0, chunks: 1 << 40), .manifestEnd(entries: 0, chunks: 1 << 40 + 1),
            .tooLarge("chunk count", got: 1 << 40 + 1, limit: 1 << 40)
        ),
        (
            .manifestKept(entries: 1 << 24), .manifestKept(entries: 1 << 24 + 1),
            .tooLarge("entry count", got: 1 << 24 + 1, limit: 1 << 24)
        ),
        (
            .manifestAgain(from: 1 << 24), .manifestAgain(from: 1 << 24 + 1),
            .tooLarge("entry number", got: 1 << 24 + 1, limit: 1 << 24)
        ),
        (
            .length(entry: 1 << 24, size: 0), .length(entry: 1 << 24 + 1, size: 0),
            .tooLarge("entry number", got: 1 << 24 + 1, limit: 1 << 24)
        ),
        (
            .length(entry: 0, size: 1 << 44), .length(entry: 0, size: 1 << 44 + 1),
            .tooLarge("file size", got: 1 << 44 + 1, limit: 1 << 44)
        ),
        (
            .manifestPage(first: 1 << 24, count: 1, rawLength: 1, deflated: ByteBuffer()),
            .manifestPage(first: 1 << 24 + 1, count: 1, rawLength: 1, deflated: ByteBuffer()),
            .tooLarge("entry number", got: 1 << 24 + 1, limit: 1 << 24)
        ),
        (
            .manifestPage(first: 0, count: 1, rawLength: 1 << 20, deflated: ByteBuffer()),
            .manifestPage(first: 0, count: 1, rawLength: 1 << 20 + 1, deflated: ByteBuffer()),
            .tooLarge("manifest page", got: 1 << 20 + 1, limit: 1 << 20)
        ),
        (
            .want(chunks: NumberSet((1 << 40) - 1..<1 << 40), seals: NumberSet()),
            .want(chunks: NumberSet(1 << 40..<1 << 40 + 1), seals: NumberSet()), .invalid("wanted chunk")
        ),
        (
            .want(chunks: NumberSet(), seals: NumberSet((1 << 24) - 1..<1 << 24)),
            .want(chunks: NumberSet(), seals: NumberSet(1 << 24..<1 << 24 + 1)), .invalid("wanted seal")
        ),
        (
            .damaged(chunks: NumberSet((1 << 40) - 1..<1 << 40)), .damaged(chunks: NumberSet(1 << 40..<1 << 40 + 1)),
            .invalid("damaged chunk")
        ),
        (
            .sealed(entries: NumberSet(0..<1 << 24)), .sealed(entries: NumberSet(0..<1 << 24 + 1)),
            .invalid("sealed entry")
        ),
        (
            .skipped(.size, entries: NumberSet(0..<1 << 24), chunks: NumberSet()),
            .skipped(.size, entries: NumberSet(0..<1 << 24 + 1), chunks: NumberSet()),
            .invalid("skipped entry")
        ),
        (
            .receipt(body: [UInt8](repeating: 1, count: 4_096), signature: [UInt8](repeating: 1, count: 256)),
            .receipt(body: [UInt8](repeating: 1, count: 4_097), signature: []),
            .tooLarge("receipt", got: 4_097, limit: 4_096)
        ),
        (
            .receipt(body: [], signature: []), .receipt(body: [], signature: [UInt8](repeating: 1, count: 257)),
            .tooLarge("receipt signature", got: 257, limit: 256)
        ),
    ]

    @Test(arguments: limits) func bounds(good: DataMessage, bad: DataMessage, error: WireError) throws {
        #expect(try read(good.encoded()) == good)
        #expect(throws: error) { try read(bad.encoded()) }
    }

    @Test func noiseNeverCrashes() {
        var random = Seeded(4)
        for _ in 0..<5_000 {
            var noise = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if !noise.isEmpty { noise[0] = UInt8.random(in: 0...12, using: &random) }
            _ = refusal(of: ByteBuffer(bytes: noise), read)
        }
    }
}

extension String {
    fileprivate var leftPadded: String { count == 1 ? "0" + self : self }
}
