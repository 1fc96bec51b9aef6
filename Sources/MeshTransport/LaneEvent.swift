package import MeshWire

/// What a lane tells its one consumer.
package enum LaneEvent: Sendable {
    /// All that arrived since the last such event: messages, acknowledgements and chunks, in their order.
    case frames([InboundFrame])
    /// Chunks can go out: less than 1 MiB of chunk bytes waits here, or the peer gave credit while that was so.
    /// ``Lane/room`` has the same numbers at any time.
    case room(queued: Int, credit: UInt64)
    /// The peer answered the probe of this number after so many nanoseconds.
    case echo(number: UInt64, roundTrip: UInt64)
    /// The peer wants no more new work on this lane.
    case drain
    /// The lane is over; nothing follows.
    case closed(LaneClosure)
}

/// One write of a lane that the socket took, for the lane's health. Nanoseconds of a clock that never goes back.
package struct LaneWrite: Hashable, Sendable {
    package var bytes: Int
    /// When it was handed to the socket.
    package var start: UInt64
    /// When the socket had taken all of it.
    package var end: UInt64
}

/// A lane's events in order, for one consumer. Ends after ``LaneEvent/closed(_:)``, or when the consumer's task is
/// cancelled.
package struct LaneEvents: AsyncSequence, Sendable {
    let mailbox: LaneMailbox

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let mailbox: LaneMailbox

        package mutating func next() async -> LaneEvent? { await mailbox.next() }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(mailbox: mailbox) }
}
