/// The numbers of a control link's messages: each direction counts from 0 and leaves nothing out. TLS already keeps order;
/// this finds messages that a faulty peer dropped, repeated, or sent on the wrong link.
package struct ControlSequence: Hashable, Sendable {
    private var outbound: UInt64 = 0
    private var inbound: UInt64 = 0

    package init() {}

    /// The number of the next message out. 2^64 of them take 584 years at one a nanosecond.
    package mutating func next() -> UInt64 {
        defer { outbound += 1 }
        return outbound
    }

    package enum OnInbound: Hashable, Sendable {
        /// As it should be: take the message.
        case inOrder
        /// Close the link.
        case broken(expected: UInt64, got: UInt64)
    }

    /// A message with this number arrived.
    package mutating func arrived(_ sequence: UInt64) -> OnInbound {
        guard sequence == inbound else { return .broken(expected: inbound, got: sequence) }
        inbound += 1
        return .inOrder
    }
}
