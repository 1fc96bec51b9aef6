import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire

/// What a receiving transfer works with, whichever offer it turns out to be about.
struct ReceiveContext: Sendable {
    enum News: Sendable {
        case offered(Offer)
        case accepted(TransferRecord, isResumed: Bool)
        /// Entries that ended in this session, with their manifests.
        case ended([(ReceivedEntry, EndedEntry)])
    }

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
    let emit: @Sendable (News) -> Void

    func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await node.blocking(work)
    }
}

extension ReceiveContext {
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
