import MeshTransfer
import MeshTrust
import MeshWire
import NIOCore
import Testing

/// What a receiver may claim of things that never were; against a node that sends one file of two chunks.
enum ReceiverMisdeeds {
    private static let named = Misdeed.Ending.broken("was never offered, and was disconnected")

    static let claims: [Misdeed] = [
        claim("acknowledgement of what was not sent", named) { try await $0.acknowledge(NumberSet(0..<1)) },
        claim("want beyond the manifest") { try await $0.say(.want(chunks: NumberSet(0..<4), seals: NumberSet())) },
        claim("seal beyond the manifest") { try await $0.say(.want(chunks: NumberSet(), seals: NumberSet(0..<90))) },
        claim("damage of what was not sent") { try await $0.say(.damaged(chunks: NumberSet(0..<1))) },
        claim("more entries kept than there are") { try await $0.say(.manifestKept(entries: 90)) },
        claim("page beyond the manifest") { try await $0.say(.manifestAgain(from: 90)) },
        claim("skipped entries beyond the manifest") {
            try await $0.say(.skipped(.exists, entries: NumberSet(0..<90), chunks: NumberSet()))
        },
        claim("message of a sender") { try await $0.say(.manifestEnd(entries: 1, chunks: 1)) },
        claim("chunk to a sender", .broken("invalid frame of a sender")) {
            try await $0.connection.say(Framed.chunk(0, [1]))
        },
        claim("ranges by the million", .broken("count of wanted chunk of 1000000")) { lane in
            var bytes = ByteBuffer(bytes: [3])
            bytes.writeVarint(1_000_000)
            try await lane.say(kind: 0, Array(buffer: bytes))
        },
        claim("ranges out of order", .broken("invalid wanted chunk")) { lane in
            // One range whose end overflows.
            var bytes = ByteBuffer(bytes: [3, 1])
            bytes.writeVarint(Limits.chunks)
            bytes.writeVarint(Limits.chunks)
            bytes.writeVarint(0)
            try await lane.say(kind: 0, Array(buffer: bytes))
        },
        Misdeed("acceptance beyond the manifest", named) { peer in
            try await peer.open()
            _ = try await peer.accept(from: 90)
        },
        Misdeed("credit taken back", .broken("took lane credit back")) { peer in
            try await peer.open(manners: .init(paysBack: false))
            _ = try await peer.accept()
            _ = try await peer.manifest()
            try await peer.want(0..<2)
            try await peer.chunks(2)
            try await peer.lead.say(.credit(freed: 1_000))
            try await peer.lead.say(.credit(freed: 999))
        },
        Misdeed("credit for more than was sent", .broken("freed 99000000 bytes of a lane")) { peer in
            try await peer.open()
            _ = try await peer.accept()
            try await peer.lead.say(.credit(freed: 99_000_000))
        },
        Misdeed("wants without end", .broken("the other side cancelled", status: 3, told: nil)) { peer in
            try await peer.open()
            let offer = try await peer.accept()
            _ = try await peer.manifest()
            let message = DataMessage.want(chunks: NumberSet(0..<1), seals: NumberSet(0..<1))
            var many = ByteBuffer()
            let frame = FrameEncoder.frame(.message, stream: 1, payload: message.encoded())
            for _ in 0..<1_000 { many.writeImmutableBuffer(frame) }
            for _ in 0..<20 { try await peer.lead.connection.say(many) }
            try await peer.control.say(.transfer(TransferControl(transfer: offer.transfer, action: .cancel)))
        },
    ]

    static let receipts: [Misdeed] = [
        receipt("receipt of noise") { _, _ in (Noise.bytes(100), Noise.bytes(70)) },
        receipt("receipt of another transfer") { peer, offer in
            try signed(peer.receipt(of: offer) { $0.transfer = .drawn() }, peer.identity)
        },
        receipt("receipt of another receiver") { peer, offer in
            try signed(peer.receipt(of: offer) { $0.receiver = NodeIdentity().nodeID }, peer.identity)
        },
        receipt("receipt signed by another key") { peer, offer in
            try signed(peer.receipt(of: offer), NodeIdentity())
        },
        receipt("receipt with another root") { peer, offer in try signed(peer.receipt(of: offer), peer.identity) },
        receipt("receipt that skips what it does not say") { peer, offer in
            try signed(peer.receipt(of: offer) { $0.skipped = 1 }, peer.identity)
        },
        receipt("receipt with a signature changed") { peer, offer in
            var (body, signature) = try signed(peer.receipt(of: offer), peer.identity)
            signature[signature.count - 1] ^= 1
            return (body, signature)
        },
        Misdeed("receipt above its limit", .broken("receipt of 4097")) { peer in
            try await peer.open()
            _ = try await peer.accept()
            try await peer.lead.say(
                .receipt(body: [UInt8](repeating: 0, count: 4_097), signature: []))
        },
    ]

    private static func signed(_ receipt: Receipt, _ identity: NodeIdentity) throws -> ([UInt8], [UInt8]) {
        let body = receipt.encoded()
        return (body, try identity.sign(body))
    }

    /// All chunks are taken and acknowledged, and then a receipt comes that is not one.
    private static func receipt(
        _ name: String, _ make: @escaping @Sendable (HostilePeer, TransferControl) throws -> ([UInt8], [UInt8])
    ) -> Misdeed {
        Misdeed(name, .broken("does not verify", status: 6, told: .integrity)) { peer in
            try await peer.open()
            let offer = try await peer.accept()
            let (_, chunks) = try await peer.manifest()
            try await peer.want(0..<chunks)
            try await peer.chunks(Int(chunks))
            try await peer.lead.acknowledge(NumberSet(0..<chunks))
            let (body, signature) = try make(peer, offer)
            try await peer.lead.say(.receipt(body: body, signature: signature))
        }
    }

    private static func claim(
        _ name: String, _ ending: Misdeed.Ending = named,
        _ act: @escaping @Sendable (LaneTalk) async throws -> Void
    ) -> Misdeed {
        Misdeed(name, ending) { peer in
            try await peer.open()
            _ = try await peer.accept()
            _ = try await peer.manifest()
            try await act(peer.lead)
        }
    }
}
