import MeshControl
import MeshWire

/// Says things to the peer on the control link that is there, and watches that link. What is said while there is none is
/// lost: what matters is said again on the next one.
final class ControlVoice {
    private var outbox: ControlOutbox?
    private var detector = FailureDetector(at: 0)

    /// Another link is there.
    func speak(through outbox: ControlOutbox, now: UInt64) {
        self.outbox = outbox
        detector = FailureDetector(at: now)
    }

    /// The link is gone.
    func fallSilent() {
        outbox?.finish()
        outbox = nil
    }

    var isEmpty: Bool { outbox?.isEmpty ?? true }

    func yield(_ message: ControlMessage) {
        outbox?.yield(message)
        detector.sent(at: NodeClock.monotonic)
    }

    func heard(now: UInt64) { _ = detector.heard(at: now) }

    /// Says that this end lives where nothing else did; answers what became of the link, where that changed.
    func tick(now: UInt64) -> PeerStatus? {
        guard let outbox else { return nil }
        let due = detector.tick(at: now)
        if due.heartbeat { outbox.yield(.heartbeat) }
        return due.became
    }
}
