import MeshWire

/// Says things to the peer on the control link that is there. What is said while there is none is lost: what matters is said
/// again on the next one.
final class ControlVoice {
    var outbox: ControlOutbox?

    var isEmpty: Bool { outbox?.isEmpty ?? true }

    func yield(_ message: ControlMessage) { outbox?.yield(message) }
    func finish() { outbox?.finish() }
}
