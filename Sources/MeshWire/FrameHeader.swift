package import NIOCore

/// What a data-plane frame carries: three bits, as the architecture named them.
package enum FrameKind: UInt8, Sendable, CaseIterable {
    /// A ``DataMessage``; its first payload byte is the subtype.
    case message = 0b000
    /// Numbers of chunks that are committed on the receiver.
    case acknowledgement = 0b001
    /// A ``LaneHandshake``: the first frame of a lane, both ways.
    case handshake = 0b010
    /// A ``ChannelTest``: an echo with time stamp.
    case test = 0b011
    /// A piece of a chunk.
    case fragment = 0b100
}

/// The eight bytes before every payload on a lane: kind, flags, stream (16 bits), length (32 bits).
package struct FrameHeader: Hashable, Sendable {
    package static let size = 8

    package var kind: FrameKind
    /// ``first`` and ``last`` for fragments; zero for every other kind.
    package var flags: UInt8
    /// Which transfer of the channel; 0 is the channel itself.
    package var stream: UInt16
    /// Payload bytes that follow.
    package var length: Int

    /// The fragment begins with the chunk's ``ChunkHeader``.
    package static let first: UInt8 = 1
    /// The chunk is whole with this fragment.
    package static let last: UInt8 = 2

    package init(kind: FrameKind, flags: UInt8 = 0, stream: UInt16, length: Int) {
        self.kind = kind
        self.flags = flags
        self.stream = stream
        self.length = length
    }

    package func write(into buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(kind.rawValue, flags, stream, UInt32(length))
    }

    /// Writes over the eight bytes at `index`.
    package func set(in buffer: inout ByteBuffer, at index: Int) {
        buffer.setInteger(kind.rawValue, at: index)
        buffer.setInteger(flags, at: index + 1)
        buffer.setInteger(stream, at: index + 2)
        buffer.setInteger(UInt32(length), at: index + 4)
    }

    /// Reads a header that is whole in `buffer`. A payload above its kind's limit, or above `limit`, is refused before
    /// any of it is buffered.
    package init(reading buffer: inout ByteBuffer, limit: Int) throws(WireError) {
        guard let (kind, flags, stream, length) = buffer.readMultipleIntegers(as: (UInt8, UInt8, UInt16, UInt32).self)
        else { throw .truncated("frame header") }
        guard let known = FrameKind(rawValue: kind) else { throw .unknown("frame type", UInt64(kind)) }
        guard flags & ~3 == 0, known == .fragment || flags == 0 else { throw .invalid("frame flags") }
        let bound = min(limit, known == .fragment ? Limits.fragment : Limits.message)
        guard length <= bound else { throw .tooLarge("frame", got: UInt64(length), limit: UInt64(bound)) }
        self.init(kind: known, flags: flags, stream: stream, length: Int(length))
    }
}
