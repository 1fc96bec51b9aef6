/// Reads a stored value front to back. Every answer is nil once the bytes have run out; nothing is read past the end.
struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard count >= 0, rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// A big-endian number.
    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
        bytes(Number.bitWidth / 8)?.reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    /// Bytes after their count as a 16-bit number, at most `limit`.
    mutating func counted(limit: Int) -> [UInt8]? {
        guard let count = number(UInt16.self), Int(count) <= limit else { return nil }
        return bytes(Int(count))
    }

    /// Whether the next bytes are `magic`, which is then behind us.
    mutating func skip(_ magic: String) -> Bool {
        bytes(magic.utf8.count) == Array(magic.utf8)
    }

    /// All that is left.
    mutating func remainder() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }
}

extension [UInt8] {
    /// Writes what ``ByteReader/counted(limit:)`` reads. `bytes` must be fewer than 65,536.
    mutating func appendCounted(_ bytes: [UInt8]) {
        append(contentsOf: UInt16(bytes.count).bigEndianBytes)
        append(contentsOf: bytes)
    }
}
