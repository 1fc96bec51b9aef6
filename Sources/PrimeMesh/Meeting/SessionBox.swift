import NIOConcurrencyHelpers

/// The session that admitted a lane, carried out of the handshake's question.
final class SessionBox: Sendable {
    private let box = NIOLockedValueBox<PeerSession?>(nil)

    var session: PeerSession? {
        get { box.withLockedValue { $0 } }
        set { box.withLockedValue { $0 = newValue } }
    }
}
