/// Refuses replays: of each boot of a node, datagrams are accepted in increasing order only (a simpler relative of
/// RFC 6479: announcements that were overtaken are worth nothing).
///
/// Empty after a start, and forgetful of who was silent the longest once it is full: a datagram recorded then may be
/// accepted once more. So a datagram may say where a node is, never change what is allowed.
package struct DatagramWindow: Sendable {
    private struct Sender {
        var counter: UInt64
        /// The value of `heard` when it was last accepted.
        var heard: UInt64
    }

    /// Boots remembered: 16 times the neighbours a node has.
    package static let limit = 1_024

    private var senders: [UInt64: Sender] = [:]
    private var heard: UInt64 = 0

    package init() {}

    /// Whether `datagram` is new. Only for datagrams that ``DatagramSeal/open(_:)`` has opened: nothing else may fill
    /// the table.
    package mutating func accepts(_ datagram: OpenedDatagram) -> Bool {
        if let known = senders[datagram.boot] {
            guard datagram.counter > known.counter else { return false }
        } else if senders.count >= Self.limit, let oldest = senders.min(by: { $0.value.heard < $1.value.heard }) {
            senders.removeValue(forKey: oldest.key)
        }
        heard += 1
        senders[datagram.boot] = Sender(counter: datagram.counter, heard: heard)
        return true
    }
}
