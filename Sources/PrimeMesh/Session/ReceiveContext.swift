import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire

/// What a receiving transfer works with, whichever offer it turns out to be about.
struct ReceiveContext: Sendable {
    let node: NodeContext
    /// The node's, or with `--fsync` one whose transactions reach the disk before they count.
    let journal: Journal
    let peer: PeerIdentity
    let peerName: String
    /// The code this runs under, by tag; nil between members.
    let code: Bytes16?
    let destination: [UInt8]
    /// Takes the one file in place of the destination.
    var output: ReceiveOutput?
    let options: ReceiveOptions
    let decide: @Sendable (Offer) async -> Bool
    /// Takes the transfer's lock for this process; throws where another process has it.
    let lock: @Sendable (TransferID) async throws -> Void
    /// Hears news for the program, before they are put into words.
    let emit: @Sendable (ReceiveDriver.News) -> Void

    func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await node.blocking(work)
    }
}

extension ReceiveContext {
    /// What the session works with, once the offer was accepted.
    func work(_ accepted: AcceptedOffer) -> ReceiveWork {
        ReceiveWork(
            ReceivePorts(
                transfer: accepted.record.id, journal: journal, sink: accepted.sink, pool: node, rules: options.rules,
                isLocal: accepted.isLocal, keepsInodes: accepted.keepsInodes,
                isSettled: accepted.record.state.isSettled))
    }

    /// What the session begins with.
    func basis(_ accepted: AcceptedOffer) -> ReceiveDriver.Basis {
        ReceiveDriver.Basis(
            totals: accepted.record.totals, isRoomDoubtful: accepted.isRoomDoubtful,
            triesNames: !accepted.keepsInodes,
            passage: output.map { OrderedPassage(ahead: ReceiveOutput.ahead, passed: $0.written) })
    }

    /// The end of a transfer, signed with this node's key.
    func completion(_ ports: ReceivePorts) -> ReceiveCompletion {
        let identity = node.identity
        return ReceiveCompletion(ports: ports, sender: peer.nodeID, receiver: identity.nodeID) { body in
            ReceiptRecord(body: body, signature: try identity.sign(body), publicKey: identity.publicKeyDER)
        }
    }
}

/// What a resume must repeat; kept with the transfer as JSON.
struct ReceiveOptions: Codable, Sendable, Hashable {
    var onConflict: ConflictRule = .rename
    var allLinks = false
    var fsync = false
    /// Nil: by the sender's.
    var permissions: PermissionRule?
    /// The sender reads from a pipe, so that nothing can be resumed; nil means no.
    var isPiped: Bool?

    var rules: ReceiveRules { ReceiveRules(onConflict: onConflict, allLinks: allLinks, fsync: fsync) }
}
