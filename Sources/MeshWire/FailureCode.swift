import NIOCore

/// Why a transfer, a channel or a link ended, as a number that crosses the wire. Texts are made where they are shown.
package enum FailureCode: UInt16, Sendable, Codable, CaseIterable {
    /// The person or rule at the other side said no.
    case declined = 1
    /// A person ended it.
    case cancelled = 2
    /// A person holds it.
    case paused = 3
    /// No space left at the receiver.
    case diskFull = 4
    /// The receiver may not write, or its disk failed.
    case destination = 5
    /// The sender cannot read its source any more.
    case source = 6
    /// One chunk failed its digest five times, or the roots differ.
    case integrity = 7
    /// A source file kept changing.
    case sourceChanged = 8
    /// Another process has this transfer.
    case busy = 9
    /// The peer broke a rule of the protocol.
    case protocolViolation = 10
    /// The node is going down; it can be resumed.
    case leaving = 11
    /// The journal of the other side failed.
    case journal = 12
    /// Nobody answered in time.
    case timedOut = 13
    /// No such transfer, channel or name here.
    case unknown = 14
    /// The node has another identity than the one pinned or expected.
    case identity = 15
    /// The name is taken by another node of the mesh.
    case nameTaken = 16
    /// A feature or version the other side does not have.
    case unsupported = 17
    /// Too many links, offers or attempts.
    case tooMany = 18
    /// The transfer has ended, and its sources have changed since.
    case sourcesEdited = 19
    /// What the sender read of a pipe is gone: nothing can go on.
    case pipeLost = 20
    /// The receiver passes one file on, and takes nothing else.
    case oneFile = 21

    init(reading buffer: inout ByteBuffer) throws(WireError) {
        guard let raw = buffer.readInteger(as: UInt16.self) else { throw .truncated("failure code") }
        guard let code = FailureCode(rawValue: raw) else { throw .unknown("failure code", UInt64(raw)) }
        self = code
    }
}
