import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire

/// What a sending transfer works with, for one peer.
struct SendContext: Sendable {
    let node: NodeContext
    let record: TransferRecord
    let source: FileSource
    let manifest: ManifestWriter
    let peer: PeerIdentity
    let compression: CompressionMode
    /// Why the work beside this session failed.
    let fault: SendingFault
    /// What the receiver is told in place of an offer, where there is none to make.
    var verdict: FailureCode?
    /// Hears news for the program, before they are put into words.
    let emit: @Sendable (SendDriver.News) -> Void

    var journal: Journal { node.journal }
}

extension SendContext {
    var work: SendWork { SendWork(transfer: record.id, journal: journal, source: source, pool: node) }

    /// The check of a receipt by the peer's key.
    var receiptCheck: ReceiptCheck {
        ReceiptCheck(
            work: work, sender: node.identity.nodeID, receiver: peer.nodeID, receiverKey: peer.publicKeyDER
        ) { record in
            NodeIdentity.verify(signature: record.signature, of: record.body, publicKeyDER: record.publicKey)
        }
    }
}
