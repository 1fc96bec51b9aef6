package import NIOCore

/// How a chunk's payload stands for its plain bytes.
package enum ChunkEncoding: UInt8, Sendable, CaseIterable {
    /// The plain bytes themselves.
    case raw = 0
    /// A zlib stream (RFC 1950) of the plain bytes.
    case zlib = 1
    /// Nothing: all plain bytes are zero (a hole).
    case zero = 2
}

/// What is said of a chunk before its payload: 49 bytes at the start of its first fragment.
package struct ChunkHeader: Hashable, Sendable {
    package static let size = 8 + 1 + 4 + 4 + 32

    /// The chunk's number across the whole manifest.
    package var number: UInt64
    package var encoding: ChunkEncoding
    /// Plain bytes, 1 to 4 MiB.
    package var rawLength: Int
    /// Payload bytes, at most `rawLength`: an encoding that grows is not used.
    package var encodedLength: Int
    /// SHA-256 of the plain bytes.
    package var digest: Digest

    package init(number: UInt64, encoding: ChunkEncoding, rawLength: Int, encodedLength: Int, digest: Digest) {
        self.number = number
        self.encoding = encoding
        self.rawLength = rawLength
        self.encodedLength = encodedLength
        self.digest = digest
    }

    /// Writes over the 49 bytes at `index`.
    package func set(in buffer: inout ByteBuffer, at index: Int) {
        buffer.setInteger(number, at: index)
        buffer.setInteger(encoding.rawValue, at: index + 8)
        buffer.setInteger(UInt32(rawLength), at: index + 9)
        buffer.setInteger(UInt32(encodedLength), at: index + 13)
        digest.withBytes { _ = buffer.setBytes($0, at: index + 17) }
    }

    package init(reading buffer: inout ByteBuffer) throws(WireError) {
        number = try buffer.wireUInt64("chunk number")
        guard number < Limits.chunks else { throw .tooLarge("chunk number", got: number, limit: Limits.chunks - 1) }
        let code = try buffer.wireUInt8("chunk encoding")
        guard let known = ChunkEncoding(rawValue: code) else { throw .unknown("chunk encoding", UInt64(code)) }
        encoding = known
        rawLength = Int(try buffer.wireUInt32("chunk length"))
        encodedLength = Int(try buffer.wireUInt32("chunk payload length"))
        digest = try buffer.wireBytes32("chunk digest")
        guard rawLength <= Limits.chunk else {
            throw .tooLarge("chunk", got: UInt64(rawLength), limit: UInt64(Limits.chunk))
        }
        let fits =
            switch encoding {
            case .raw: encodedLength == rawLength
            case .zlib: encodedLength > 0 && encodedLength < rawLength
            case .zero: encodedLength == 0
            }
        guard rawLength > 0, fits else { throw .invalid("chunk length") }
    }
}
