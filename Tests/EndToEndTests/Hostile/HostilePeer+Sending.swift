import MeshTransfer
import MeshWire
import NIOCore

// The sender's half of a transfer, in the steps that an honest sender takes.
extension HostilePeer {
    /// The offer; its sums may lie.
    @discardableResult
    func offer(
        _ goods: Goods, _ id: TransferID = .drawn(), sums: TransferSums? = nil, counting: Bool = false
    ) async throws -> TransferID {
        let action = TransferControl.Action.offer(stream: 1, sums: sums ?? goods.sums, counting: counting)
        try await control.say(.transfer(TransferControl(transfer: id, action: action)))
        return id
    }

    /// The manifest from this entry on, and its end.
    func describe(_ goods: Goods, from first: Int = 0) async throws {
        for page in try goods.pages(from: first) { try await lead.say(page) }
        try await lead.say(.manifestEnd(entries: goods.totals.entries, chunks: goods.totals.chunks))
    }

    func accepted() async throws {
        let isAccepted = await control.heard.first { message -> Bool? in
            if case .transfer(let transfer) = message, case .accept = transfer.action { true } else { nil }
        }
        try expected(isAccepted, "the acceptance")
    }

    /// Waits until all chunks of `goods` have been asked for.
    func wanted(_ goods: Goods) async throws {
        var missing = NumberSet(0..<max(goods.totals.chunks, 1))
        if goods.totals.chunks == 0 { return }
        let isAsked = try await lead.message { message -> Bool? in
            if case .want(let chunks, _) = message { missing.subtract(chunks) }
            return missing.isEmpty ? true : nil
        }
        try expected(isAsked, "the want")
    }

    /// Offer, manifest, acceptance and wants: from here on the receiver waits for chunks.
    @discardableResult
    func promise(
        _ goods: Goods, _ id: TransferID = .drawn(), sums: TransferSums? = nil, counting: Bool = false
    ) async throws -> TransferID {
        try await offer(goods, id, sums: sums, counting: counting)
        try await describe(goods)
        try await accepted()
        try await wanted(goods)
        return id
    }

    func deliver(_ goods: Goods) async throws {
        for chunk in goods.chunks { try await lead.connection.say(Framed.chunk(chunk.number, chunk.bytes)) }
        try await seal(goods)
    }

    func seal(_ goods: Goods) async throws {
        if !goods.files.isEmpty { try await lead.say(.sealed(entries: goods.files)) }
    }

    /// The receipt, and the answer that ends the transfer.
    @discardableResult
    func conclude(within seconds: Double = 10) async throws -> Receipt {
        let body = try await lead.message(within: seconds) { message -> [UInt8]? in
            if case .receipt(let body, _) = message { body } else { nil }
        }
        let receipt = try Receipt(reading: try expected(body, "the receipt"))
        try await lead.say(.received(root: receipt.root))
        return receipt
    }

    /// A whole transfer, by the rules.
    @discardableResult
    func transfer(_ goods: Goods) async throws -> Receipt {
        try await promise(goods)
        try await deliver(goods)
        return try await conclude()
    }
}
