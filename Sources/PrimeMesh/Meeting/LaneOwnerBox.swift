import NIOConcurrencyHelpers

/// The owner that admitted a lane, carried out of the handshake's question.
final class LaneOwnerBox: Sendable {
    private let box = NIOLockedValueBox<(any LaneOwner)?>(nil)

    var owner: (any LaneOwner)? {
        get { box.withLockedValue { $0 } }
        set { box.withLockedValue { $0 = newValue } }
    }
}
