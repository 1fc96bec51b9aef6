import DequeModule
import MeshWire
package import NIOCore

/// The sending half of one lane: what waits, in which order it leaves, and how much of it the socket may hold.
///
/// Messages go before chunks, and between two fragments of a chunk: every buffer handed out ends where a frame ends.
/// Station 5, downwards: `FrameEncoder` made the frames, the socket takes them. Sequential per lane.
package struct LaneOutbox: Equatable, Sendable {
    /// Bytes of one buffer: a full fragment, with room for its header and for the few bytes that the headers of a
    /// chunk of a round size push into a last fragment.
    package static let slice = Limits.fragment + 512
    /// Bytes handed to the socket and not yet written: 256 KiB of payload and 1 KiB for its headers, so that one slice
    /// can be written while the next one waits. The largest message fits as well.
    package static let inFlightLimit = 2 * slice
    /// Frames smaller than this are copied together up to this many bytes: one TLS record, not one for each small file.
    package static let coalesced = 64 * 1024
    /// Messages that may wait. Wants, acknowledgements and credit answer what the peer sends, so this many mean that it
    /// sends and does not read.
    package static let messageCount = 4_096
    /// Bytes of messages that may wait: 32 of the largest.
    package static let messageBytes = 8 * 1024 * 1024

    private var messages = Deque<ByteBuffer>()
    private var chunks = Deque<ByteBuffer>()
    /// Bytes handed out by ``next()`` and not yet ``written(_:)``.
    package private(set) var inFlight = 0
    /// Bytes of chunk frames that wait.
    package private(set) var queuedChunkBytes = 0
    /// Bytes of message frames that wait.
    package private(set) var queuedMessageBytes = 0

    package init() {}

    package var queuedMessages: Int { messages.count }
    /// Nothing waits and nothing is under way.
    package var isIdle: Bool { messages.isEmpty && chunks.isEmpty && inFlight == 0 }

    /// One whole frame of any kind but a fragment; it leaves before all chunk bytes that wait.
    package mutating func enqueue(message frame: ByteBuffer) throws(LaneOutboxError) {
        precondition(Self.frameEnd(in: frame, at: 0) == frame.readableBytes, "a message must be one whole frame")
        guard messages.count < Self.messageCount, queuedMessageBytes + frame.readableBytes <= Self.messageBytes else {
            throw .peerDoesNotRead(messages: messages.count, bytes: queuedMessageBytes)
        }
        messages.append(frame)
        queuedMessageBytes += frame.readableBytes
    }

    /// One chunk with all its frames, as `FrameEncoder` laid it out. Its bytes are not copied unless it is small. What
    /// bounds how many wait is the lane's credit: see ``LaneCreditOut``.
    package mutating func enqueue(chunk frames: ByteBuffer) {
        precondition(frames.readableBytes >= FrameHeader.size, "a chunk must be whole frames")
        chunks.append(frames)
        queuedChunkBytes += frames.readableBytes
    }

    /// The next bytes for the socket, whole frames; nil where nothing waits, or not before more was written.
    package mutating func next() -> ByteBuffer? {
        let room = min(Self.inFlightLimit - inFlight, Self.slice)
        let buffer: ByteBuffer?
        if let first = messages.first {
            // A message above a slice, which pages are, waits until nothing is in flight but is never overtaken.
            let fits = first.readableBytes <= Self.inFlightLimit - inFlight
            buffer = !fits ? nil : first.readableBytes < Self.coalesced ? gathered(room) : takeMessage()
        } else if let first = chunks.first {
            let count = Self.wholeFrames(of: first, within: room)
            let isSmall = count < Self.coalesced && count == first.readableBytes
            buffer = count == 0 ? nil : isSmall ? gathered(room) : takeChunk(count)
        } else {
            buffer = nil
        }
        inFlight += buffer?.readableBytes ?? 0
        return buffer
    }

    /// The socket took `bytes` of what was handed out.
    package mutating func written(_ bytes: Int) {
        precondition(bytes >= 0 && bytes <= inFlight, "\(bytes) bytes written where \(inFlight) were in flight")
        inFlight -= bytes
    }

    /// Small frames together: all messages first, then small chunks, up to 64 KiB. The first one is known to fit. A
    /// single frame is handed out as it is.
    private mutating func gathered(_ room: Int) -> ByteBuffer? {
        let limit = min(room, Self.coalesced)
        var total = 0
        var messageCount = 0
        while messageCount < messages.count, total + messages[messageCount].readableBytes <= limit {
            total += messages[messageCount].readableBytes
            messageCount += 1
        }
        var chunkCount = 0
        if messageCount == messages.count {
            while chunkCount < chunks.count, total + chunks[chunkCount].readableBytes <= limit {
                total += chunks[chunkCount].readableBytes
                chunkCount += 1
            }
        }
        if messageCount + chunkCount == 1 {
            return messageCount == 1 ? takeMessage() : takeChunk(total)
        }
        var buffer = ByteBufferAllocator().buffer(capacity: total)
        for _ in 0..<messageCount { buffer.writeImmutableBuffer(takeMessage()) }
        for _ in 0..<chunkCount { buffer.writeImmutableBuffer(takeChunk(chunks[0].readableBytes)) }
        return buffer
    }

    private mutating func takeMessage() -> ByteBuffer {
        let frame = messages.removeFirst()
        queuedMessageBytes -= frame.readableBytes
        return frame
    }

    /// The first `count` bytes of the first chunk, which end with a frame.
    private mutating func takeChunk(_ count: Int) -> ByteBuffer {
        queuedChunkBytes -= count
        if chunks[0].readableBytes == count { return chunks.removeFirst() }
        guard let slice = chunks[0].readSlice(length: count) else {
            preconditionFailure("a slice of \(count) bytes was counted in the chunk before")
        }
        return slice
    }

    /// How many bytes of `buffer`, at most `room`, are whole frames.
    private static func wholeFrames(of buffer: ByteBuffer, within room: Int) -> Int {
        var count = 0
        while count < buffer.readableBytes {
            let end = frameEnd(in: buffer, at: count)
            precondition(end <= buffer.readableBytes, "a chunk must be whole frames")
            guard end <= room else { break }
            count = end
        }
        return count
    }

    /// Where, from the first readable byte, the frame that begins at `offset` ends. The length is the header's last
    /// four bytes.
    private static func frameEnd(in buffer: ByteBuffer, at offset: Int) -> Int {
        let index = buffer.readerIndex + offset + FrameHeader.size - 4
        guard let length = buffer.getInteger(at: index, as: UInt32.self) else { return .max }
        return offset + FrameHeader.size + Int(length)
    }
}

package enum LaneOutboxError: Error, Hashable, Sendable {
    /// Too many messages wait.
    case peerDoesNotRead(messages: Int, bytes: Int)
}

extension LaneOutboxError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .peerDoesNotRead(let messages, let bytes):
            "the peer does not read: \(messages) messages (\(bytes) bytes) wait for it; its lane is closed and redialed"
        }
    }
}
