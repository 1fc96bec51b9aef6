import MeshTransfer
import MeshWire
import NIOCore
import Testing

/// Chunks and frames that nobody wanted, or that are not what they say.
enum ChunkMisdeeds {
    static let chunks: [Misdeed] = [
        after("chunk that was never wanted", .broken("invalid chunk (1) that was not wanted")) { peer, _ in
            try await peer.lead.connection.say(Framed.chunk(1, [1]))
        },
        after("chunk number beyond all plans", .broken("chunk number of 1099511627776")) { peer, _ in
            let header = Framed.rawHeader(number: Limits.chunks, raw: 1, encoded: 1)
            try await peer.lead.say(kind: 4, flags: 3, header + [1])
        },
        after("chunk of another length", .broken("invalid chunk length")) { peer, _ in
            try await peer.lead.connection.say(Framed.chunk(0, [1, 2, 3]))
        },
        after("wrong digest, five times", .broken("does not verify", status: 6, told: .integrity)) { peer, _ in
            for round in 1...5 {
                try await peer.lead.connection.say(wrong())
                if round < 5 { try await peer.reported(round) }
            }
        },
        after("wrong digest, four times, then the right one", .success) { peer, goods in
            for round in 1...4 {
                try await peer.lead.connection.say(wrong())
                try await peer.reported(round)
            }
            try await peer.deliver(goods)
            try await peer.conclude()
        },
        after(
            "chunk that inflates to a gigabyte", .broken("does not verify", status: 6, told: .integrity), size: 200_000
        ) {
            peer, goods in
            let bomb = try Framed.bomb(64 << 20)
            var header = Framed.header(0, bomb, encoding: .zlib, rawLength: 200_000)
            header.digest = Framed.header(0, goods.chunks[0].bytes).digest
            for round in 1...5 {
                try await peer.lead.connection.say(Framed.chunk(header, bomb))
                if round < 5 { try await peer.reported(round) }
            }
        },
        after("chunk of an unknown stream", .broken("unknown stream (7)")) { peer, goods in
            try await peer.lead.connection.say(Framed.chunk(0, goods.chunks[0].bytes, stream: 7))
        },
        after("chunks that came before", .success) { peer, goods in
            for _ in 0..<200 { try await peer.lead.connection.say(Framed.chunk(0, goods.chunks[0].bytes)) }
            try await peer.deliver(goods)
            try await peer.conclude()
        },
        Misdeed("chunk before the transfer is accepted", .broken("invalid chunk before its transfer was accepted")) {
            let goods = Goods.of("a")
            try await $0.open()
            try await $0.lead.connection.say(Framed.chunk(0, goods.chunks[0].bytes))
        },
        Misdeed("chunks beyond credit", .broken("beyond its lane's credit")) { peer in
            // Of 4 MiB each: the second one is too much before the first one is written and paid back.
            var goods = Goods()
            goods.add(ManifestEntry(kind: .file, path: Array("huge".utf8), size: 200 << 30, allocated: 1, mode: 0o600))
            try await peer.open()
            let id = try await peer.promise(goods)
            let bytes = [UInt8](repeating: 9, count: Limits.chunk)
            var all = ByteBuffer()
            for number: UInt64 in 0..<24 { all.writeImmutableBuffer(Framed.chunk(number, bytes)) }
            try await peer.lead.connection.say(all)
            try await peer.control.say(.transfer(TransferControl(transfer: id, action: .cancel)))
        },
    ]

    static let headers: [Misdeed] = [
        header("unknown encoding", "unknown chunk encoding (9)", Framed.rawHeader(encoding: 9, raw: 7, encoded: 7)),
        header("empty chunk", "invalid chunk length", Framed.rawHeader(raw: 0, encoded: 0)),
        header("chunk above 4 MiB", "chunk of 4194305", Framed.rawHeader(raw: 4_194_305, encoded: 4_194_305)),
        header("chunk of 4 GiB", "chunk of 4294967295", Framed.rawHeader(raw: .max, encoded: .max)),
        header("raw chunk of two lengths", "invalid chunk length", Framed.rawHeader(raw: 7, encoded: 6)),
        header("deflated chunk that grew", "invalid chunk length", Framed.rawHeader(encoding: 1, raw: 7, encoded: 8)),
        header("hole with bytes in it", "invalid chunk length", Framed.rawHeader(encoding: 2, raw: 7, encoded: 1)),
        frame("chunk header cut short", "truncated chunk header", flags: 3, [UInt8](repeating: 0, count: 48)),
        frame("fragment beyond its chunk", "invalid length of a chunk fragment", flags: 3, sevenBytes + [8]),
        frame("last fragment before the end", "invalid end of a chunk", flags: 3, Array(sevenBytes.dropLast())),
        frame("end without the last fragment's mark", "invalid end of a chunk", flags: 1, sevenBytes),
        frame("second fragment first", "invalid order of chunk fragments", flags: 2, [1]),
        frames("first fragment twice", "invalid order of chunk fragments", [(1, 1, started), (1, 1, started)]),
        frames("fragment without bytes", "invalid empty chunk fragment", [(1, 1, started), (1, 0, [])]),
        frames(
            "fragments that overlap", "invalid length of a chunk fragment", [(1, 1, started), (1, 2, [5, 6, 7, 8])]),
        frames(
            "three chunks under way on one lane", "invalid number of chunks under way",
            [(1, 1, started), (2, 1, started), (3, 1, started)]),
    ]

    static let frames: [Misdeed] = [
        raw("unknown frame type", "unknown frame type (5)") { try await $0.say(kind: 5, [1]) },
        raw("flags on a message", "invalid frame flags") { try await $0.say(kind: 0, flags: 1, [1]) },
        raw("unknown flags", "invalid frame flags") { try await $0.say(kind: 4, flags: 4, [1]) },
        raw("fragment above 128 KiB", "frame of 131073") { try await $0.say(kind: 4, flags: 3, length: 131_073) },
        raw("message above 256 KiB", "frame of 262145") { try await $0.say(kind: 0, length: 262_145) },
        raw("frame of 4 GiB", "frame of 4294967295") { try await $0.say(kind: 0, length: .max) },
        raw("handshake on an open lane", "invalid handshake on an open lane") {
            try await $0.say(.proof(Bytes32()))
        },
        raw("unknown message", "unknown message type (99)") { try await $0.say(kind: 0, [99]) },
        raw("message cut short", "truncated entry count") { try await $0.say(kind: 0, [2]) },
        raw("bytes behind a message", "bytes after the end of a message") { try await $0.say(kind: 0, [2, 1, 1, 1]) },
        raw("number of eleven bytes", "invalid entry count") {
            try await $0.say(kind: 0, [2] + [UInt8](repeating: 0xff, count: 10) + [1])
        },
        raw("unknown failure", "unknown failure code (999)") { try await $0.say(kind: 0, [8, 3, 0xe7]) },
        raw("unknown lane test", "unknown channel test (9)") { try await $0.say(kind: 3, [9]) },
        raw("credit for nothing", "freed 1 bytes of a lane that carried 0") { try await $0.say(.credit(freed: 1)) },
        raw("message of a receiver", "invalid message of a receiver") { try await $0.say(.manifestKept(entries: 0)) },
        raw("acknowledgement to a receiver", "invalid frame of a receiver") {
            try await $0.acknowledge(NumberSet(0..<1))
        },
        raw("answer to a receipt that never was", "invalid answer to a receipt") {
            try await $0.say(.received(root: Digest()))
        },
        raw("ranges by the ten thousand", "count of sealed entry of 10000") { lane in
            var bytes = ByteBuffer(bytes: [4])
            bytes.writeVarint(10_000)
            try await lane.say(kind: 0, Array(buffer: bytes))
        },
        Misdeed("message before an offer was accepted", .broken("invalid message before its transfer was accepted")) {
            try await $0.open()
            try await $0.lead.say(.sealed(entries: NumberSet(0..<1)))
        },
        Misdeed(
            "offers and pages before an answer", .broken("invalid number of messages before its transfer was accepted")
        ) { peer in
            try await peer.open()
            for _ in 0..<300 { try await peer.lead.say(.manifestEnd(entries: 0, chunks: 0)) }
        },
        Misdeed("probes without end that are not read", .broken("does not read")) { peer in
            try await peer.open()
            try await peer.lead.connection.stopListening()
            let probe = FrameEncoder.frame(.test, stream: 0, payload: ChannelTest.probe(number: 1, sent: 1).encoded())
            var many = ByteBuffer()
            for _ in 0..<20_000 { many.writeImmutableBuffer(probe) }
            for _ in 0..<100 {
                do { try await peer.lead.connection.say(many) } catch { break }
            }
        },
        Misdeed("messages without end", .broken("the other side cancelled", status: 3, told: nil)) { peer in
            let goods = Goods.of("a")
            try await peer.open()
            let id = try await peer.promise(goods)
            let message = DataMessage.sealed(entries: NumberSet((0..<4_096).map { $0 * 2 + 1..<$0 * 2 + 2 }))
            let frame = FrameEncoder.frame(.message, stream: 1, payload: message.encoded())
            var many = ByteBuffer()
            for _ in 0..<100 { many.writeImmutableBuffer(frame) }
            for _ in 0..<6 { try await peer.lead.connection.say(many) }
            try await peer.control.say(.transfer(TransferControl(transfer: id, action: .cancel)))
        },
    ]

    // MARK: how they are made

    /// A chunk of seven bytes with four of them, and with all.
    private static let started = Framed.rawHeader(raw: 7, encoded: 7) + [1, 2, 3, 4]
    private static let sevenBytes = Framed.rawHeader(raw: 7, encoded: 7) + [1, 2, 3, 4, 5, 6, 7]

    /// Seven bytes that are not those of their digest.
    private static func wrong() -> ByteBuffer {
        Framed.chunk(Framed.header(0, Array("CONTENT".utf8)), Array("content".utf8))
    }

    /// Once the receiver waits for the one chunk of one file.
    private static func after(
        _ name: String, _ ending: Misdeed.Ending, size: Int? = nil,
        _ act: @escaping @Sendable (HostilePeer, Goods) async throws -> Void
    ) -> Misdeed {
        Misdeed(name, ending) { peer in
            var goods = Goods()
            if let size { goods.file(Array("a".utf8), Noise.bytes(size)) } else { goods.file("a") }
            try await peer.open()
            try await peer.promise(goods)
            try await act(peer, goods)
        }
    }

    private static func raw(
        _ name: String, _ words: String, _ act: @escaping @Sendable (LaneTalk) async throws -> Void
    ) -> Misdeed {
        after(name, .broken(words)) { peer, _ in try await act(peer.lead) }
    }

    private static func header(_ name: String, _ words: String, _ header: [UInt8]) -> Misdeed {
        frame(name, words, flags: 1, header)
    }

    private static func frame(_ name: String, _ words: String, flags: UInt8, _ payload: [UInt8]) -> Misdeed {
        frames(name, words, [(1, flags, payload)])
    }

    private static func frames(
        _ name: String, _ words: String, _ frames: [(stream: UInt16, flags: UInt8, payload: [UInt8])]
    ) -> Misdeed {
        raw(name, words) { lane in
            for frame in frames {
                try await lane.say(kind: 4, flags: frame.flags, stream: frame.stream, frame.payload)
            }
        }
    }
}

extension HostilePeer {
    /// Waits until the receiver has said so often that a chunk was damaged.
    func reported(_ count: Int) async throws {
        let isSaid = try await lead.message(count: count) { message -> Bool? in
            if case .damaged = message { true } else { nil }
        }
        try expected(isSaid, "the word of damage \(count)")
    }
}
