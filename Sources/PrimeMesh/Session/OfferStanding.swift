import MeshTransfer
import MeshWire

/// What journal and disk say of an offered transfer, with what is needed to accept it or to say why not.
enum OfferStanding: Sendable {
    /// Never heard of: to be decided on.
    case fresh
    /// Accepted before, or just now.
    case accepted(AcceptedOffer)
    case refused(FailureCode, MeshError)
}

/// A transfer that was accepted, ready to run.
struct AcceptedOffer: Sendable {
    var record: TransferRecord
    var sink: any ChunkSink
    var isLocal: Bool
    var keepsInodes: Bool
    /// More was offered than there is room for: how much of it will be written is to be reckoned.
    var isRoomDoubtful: Bool
    var isResumed: Bool
}
