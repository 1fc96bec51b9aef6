package import NIOCore

/// Cuts a stream into messages of a 4-byte length (big-endian) and that many bytes. A length above the limit is refused
/// before any of the message is buffered.
package struct LengthPrefixDecoder: NIOSingleStepByteToMessageDecoder {
    package typealias InboundOut = ByteBuffer

    private let what: String
    private let limit: Int

    /// `what` is read, of at most `limit` bytes.
    package init(what: String, limit: Int) {
        self.what = what
        self.limit = limit
    }

    package mutating func decode(buffer: inout ByteBuffer) throws -> ByteBuffer? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else { return nil }
        guard length <= limit else { throw WireError.tooLarge(what, got: UInt64(length), limit: UInt64(limit)) }
        guard buffer.readableBytes >= 4 + Int(length) else { return nil }
        buffer.moveReaderIndex(forwardBy: 4)
        return buffer.readSlice(length: Int(length))
    }

    package mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws -> ByteBuffer? {
        try decode(buffer: &buffer)
    }
}

extension ByteBuffer {
    /// `bytes` with their length before them.
    package init(lengthPrefixed bytes: [UInt8]) {
        self = ByteBufferAllocator().buffer(capacity: 4 + bytes.count)
        writeInteger(UInt32(bytes.count))
        writeBytes(bytes)
    }
}
