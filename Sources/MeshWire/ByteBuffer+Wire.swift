package import NIOCore

// Bounds-checked reading and writing of the values all messages consist of. Numbers are big-endian; counts, sizes and
// chunk numbers are LEB128 (7 bits a byte, lowest first, at most 10 bytes).
extension ByteBuffer {
    package mutating func wireUInt8(_ what: String) throws(WireError) -> UInt8 {
        guard let value = readInteger(as: UInt8.self) else { throw .truncated(what) }
        return value
    }

    package mutating func wireUInt32(_ what: String) throws(WireError) -> UInt32 {
        guard let value = readInteger(as: UInt32.self) else { throw .truncated(what) }
        return value
    }

    package mutating func wireUInt64(_ what: String) throws(WireError) -> UInt64 {
        guard let value = readInteger(as: UInt64.self) else { throw .truncated(what) }
        return value
    }

    /// A LEB128 number of at most `limit`.
    package mutating func wireVarint(_ what: String, limit: UInt64 = .max) throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        for position in 0..<10 {
            guard let byte = readInteger(as: UInt8.self) else { throw .truncated(what) }
            // The tenth byte holds the 64th bit alone.
            if position == 9 && byte > 1 { throw .invalid(what) }
            value |= UInt64(byte & 0x7f) << UInt64(7 * position)
            if byte & 0x80 == 0 {
                guard value <= limit else { throw .tooLarge(what, got: value, limit: limit) }
                return value
            }
        }
        throw .invalid(what)
    }

    package mutating func writeVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        writeInteger(UInt8(rest))
    }

    /// Bytes preceded by their LEB128 count.
    package mutating func wireBytes(_ what: String, limit: Int) throws(WireError) -> [UInt8] {
        let count = Int(try wireVarint(what, limit: UInt64(limit)))
        guard let bytes = readBytes(length: count) else { throw .truncated(what) }
        return bytes
    }

    package mutating func writeCountedBytes(_ bytes: some Collection<UInt8>) {
        writeVarint(UInt64(bytes.count))
        writeBytes(bytes)
    }

    package mutating func wireBytes32(_ what: String) throws(WireError) -> Bytes32 {
        guard let bytes = readBytes(length: 32).flatMap(Bytes32.init) else { throw .truncated(what) }
        return bytes
    }

    package mutating func writeBytes32(_ value: Bytes32) {
        value.withBytes { _ = writeBytes($0) }
    }

    package mutating func wireBytes16(_ what: String) throws(WireError) -> Bytes16 {
        guard let bytes = readBytes(length: 16).flatMap(Bytes16.init) else { throw .truncated(what) }
        return bytes
    }

    package mutating func writeBytes16(_ value: Bytes16) {
        value.withBytes { _ = writeBytes($0) }
    }

    /// Refuses bytes after the end of a value.
    package func wireEnd(_ what: String) throws(WireError) {
        guard readableBytes == 0 else { throw .trailing(what) }
    }
}
