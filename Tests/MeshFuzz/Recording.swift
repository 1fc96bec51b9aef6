import MeshDisk
import MeshTransfer
import MeshTrust
import MeshWire
import NIOCore

/// A small tree sent from a folder to nowhere by the program's own walk, encoders and messages: what they said is where
/// fuzzing begins.
struct Recording: Sendable {
    static let shared = Result { try Recording() }

    enum Kind: Hashable {
        case frameHeader, chunkHeader, message, numbers, handshake, test, entry, receipt, discovery, control, path, code
    }

    let node = NodeIdentity().nodeID
    let transfer: TransferID
    /// The frames of an open lane, one after the other.
    private(set) var lane: [UInt8] = []
    /// The frames before it was open.
    private(set) var handshake: [UInt8] = []
    /// Pages with what a message says of them before: count and plain length.
    private(set) var pages: [[UInt8]] = []
    /// Headers with their payloads.
    private(set) var chunks: [[UInt8]] = []
    /// Of the manifest in `pages`.
    private(set) var sums = ManifestTotals()
    private var recorded: [Kind: [[UInt8]]] = [:]

    func pieces(_ kind: Kind) throws -> [[UInt8]] { recorded[kind] ?? [] }

    private init() throws {
        var chance = Seeded(2)
        transfer = TransferID(Bytes16(using: &chance))
        let tree = try SourceTree()
        defer { tree.remove() }
        try recordHandshake()
        let entries = try SourceWalk(roots: [tree.root]).next(limit: 100)
        try record(entries)
        try recordChunks(entries, FileSource(roots: [tree.root]))
        try recordMessages(entries, Receipt.sample(node, transfer))
        for test in [
            ChannelTest.probe(number: 3, sent: 77), .echo(number: 3, sent: 77), .credit(freed: 1 << 20), .drain,
        ] {
            add(.test, test.encoded(), as: .test)
        }
        recordTexts(&chance)
        for message in try ControlConversation(transfer).messages {
            let number = UInt64(recorded[.control]?.count ?? 0)
            let frame = ControlFrame(from: node, sequence: number, time: Meeting.now, message: message)
            recorded[.control, default: []].append(try frame.encoded())
        }
    }

    private mutating func recordHandshake() throws {
        let agreement = try Agreement.shared.get()
        let refusal = Array(buffer: LaneHandshake.refused(.busy).encoded())
        for message in [try agreement.hello(), try agreement.welcome(), try agreement.proof(), refusal] {
            recorded[.handshake, default: []].append(message)
            let frame = FrameEncoder.frame(.handshake, stream: 0, payload: ByteBuffer(bytes: message))
            handshake += Array(buffer: frame)
        }
    }

    private mutating func record(_ entries: [SourceEntry]) throws {
        let others = [
            ManifestEntry(kind: .withdrawal, path: [], size: 1, firstChunk: 0),
            ManifestEntry(omitting: Array("d/closed".utf8), .sourceDenied),
        ]
        let manifest = entries.map(\.manifest) + others
        for entry in manifest {
            var buffer = ByteBuffer()
            entry.write(into: &buffer)
            recorded[.entry, default: []].append(Array(buffer: buffer))
            if entry.kind != .withdrawal { recorded[.path, default: []].append(entry.path) }
        }
        let (page, count) = try ManifestPage.encode(entries.map(\.manifest), first: 0).orRefused()
        guard case .manifestPage(_, _, let length, let deflated) = page else { throw Refused() }
        for entry in entries { _ = sums.add(entry.manifest) }
        let head = [
            UInt8(count >> 8), UInt8(count & 255), UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255),
        ]
        pages.append(head + Array(buffer: deflated))
        add(.message, page.encoded(), as: .message)
    }

    private mutating func recordChunks(_ entries: [SourceEntry], _ source: FileSource) throws {
        var encoder = ChunkEncoder(stream: 1)
        for entry in entries where entry.manifest.kind == .file {
            let plan = FilePlan(entry: entry.number, manifest: entry.manifest)
            for number in plan.chunks {
                let (offset, length) = plan.extent(of: number)
                let piece = ChunkPiece(entry: entry, number: number, offset: offset, length: length)
                let (batch, _) = encoder.encode([piece], choice: .deflate(level: 6), source: source)
                let frames = Array(buffer: batch.frames)
                lane += frames
                chunks.append(Array(frames.dropFirst(FrameHeader.size)))
                recorded[.frameHeader, default: []].append(Array(frames.prefix(FrameHeader.size)))
                recorded[.chunkHeader, default: []].append(
                    Array(frames.dropFirst(FrameHeader.size).prefix(ChunkHeader.size)))
            }
        }
    }

    private mutating func recordMessages(_ entries: [SourceEntry], _ receipt: Receipt) throws {
        let numbers = NumberSet([0..<3, 7..<9, 4_000..<70_000])
        var buffer = ByteBuffer()
        buffer.writeNumbers(numbers)
        recorded[.numbers] = [Array(buffer: buffer)]
        lane += Array(buffer: FrameEncoder.frame(.acknowledgement, stream: 1, payload: buffer))
        let body = receipt.encoded()
        recorded[.receipt] = [body]
        let messages: [DataMessage] = [
            .manifestEnd(entries: UInt64(entries.count), chunks: 4), .manifestKept(entries: 3), .manifestAgain(from: 1),
            .want(chunks: numbers, seals: NumberSet(1..<3)), .damaged(chunks: numbers),
            .sealed(entries: NumberSet(0..<2)), .length(entry: 2, size: 600_000), .held(chunks: numbers),
            .skipped(.name, entries: NumberSet(5..<6), chunks: NumberSet(1..<2)),
            .receipt(body: body, signature: [UInt8](repeating: 7, count: 70)),
            .received(root: receipt.root), .failed(.diskFull),
        ]
        for message in messages { add(.message, message.encoded(), as: .message) }
    }

    private mutating func recordTexts(_ chance: inout Seeded) {
        let code = OneTimeCode(using: &chance)
        recorded[.code] = [code.description, code.withCheck, code.description.uppercased()].map { Array($0.utf8) }
        let addresses = [NodeAddress(host: "10.0.0.7", port: 7_000), NodeAddress(host: "fe80::1%eth0", port: 1)]
        recorded[.discovery] = [
            DiscoveryMessage.question(number: 5), .answer(number: 5, node: node, addresses: addresses),
        ].map { Array(buffer: $0.encoded()) }
    }

    private mutating func add(_ kind: Kind, _ payload: ByteBuffer, as frame: FrameKind) {
        recorded[kind, default: []].append(Array(buffer: payload))
        lane += Array(buffer: FrameEncoder.frame(frame, stream: frame == .test ? 0 : 1, payload: payload))
    }
}

extension Receipt {
    fileprivate static func sample(_ node: NodeID, _ transfer: TransferID) -> Receipt {
        Receipt(
            sender: node, receiver: NodeID(Bytes32()), transfer: transfer, root: Digest(), entries: 7, bytes: 400_000,
            chunks: 4, skipped: 1, isDurable: true, time: Meeting.now)
    }
}
