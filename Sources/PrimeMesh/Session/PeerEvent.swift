import MeshTransfer
import MeshTransport
import MeshWire

/// Everything that can happen while a node talks with one peer: one queue, one reader, one order.
enum PeerEvent: Sendable {
    /// Another link to the peer is there, in the place of a lost or an older one.
    case linked(PeerConversation)
    case control(ControlFrame, on: PeerConversation)
    case controlEnded(MeshError, on: PeerConversation)
    /// The peer says more and more on this link, and reads none of the answers.
    case unread(on: PeerConversation)
    case laneUp(Lane)
    case laneDown(LaneName, FailureCode?)
    case lane(LaneName, LaneEvent)
    case tick
    /// A source of events waits here until those before are handled.
    case turn(EventTurn)
    case transfer(ShellEvent)
    /// A job of the pool or the journal failed: the transfer ends, resumable.
    case failed(MeshError, FailureCode)
    /// The peer's run is another one by now.
    case superseded
    /// A person or the program wants to stop.
    case stop
}

/// What is said to the transfer's shell: the answers to what it asked for.
enum ShellEvent: Sendable {
    case send(SendEvent)
    case receive(ReceiveEvent)
    /// Receiver: what is known here of an offered transfer.
    case offer(OfferStanding)
    /// Receiver: a person's answer to an offer.
    case decided(Bool)
}

/// How the talk with one peer ended.
enum PeerOutcome: Sendable {
    case done
    /// The connection is gone; the transfer goes on with the next one.
    case lost(String)
    case failed(MeshError)
}

extension PeerOutcome {
    /// For the journal.
    var word: String {
        switch self {
        case .done: "done"
        case .lost: "lost"
        case .failed: "failed"
        }
    }
}
