/// 32 bytes stored inline: a SHA-256 digest, a key's fingerprint, a secret. Copying one allocates nothing.
public struct Bytes32: Hashable, Sendable {
    private var a: UInt64 = 0
    private var b: UInt64 = 0
    private var c: UInt64 = 0
    private var d: UInt64 = 0

    /// 32 zero bytes.
    public init() {}

    /// Nil unless `bytes` are exactly 32.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        withUnsafeMutableBytes(of: &self) { $0.copyMemory(from: bytes) }
    }

    /// Nil unless `bytes` are exactly 32.
    public init?(_ bytes: some Sequence<UInt8>) {
        // Byte by byte through a protocol is a microsecond, and there is a digest for every chunk.
        if let copied = bytes.withContiguousStorageIfAvailable({ Self(UnsafeRawBufferPointer($0)) }) {
            guard let copied else { return nil }
            self = copied
            return
        }
        var count = 0
        for byte in bytes {
            guard count < 32 else { return nil }
            self[count] = byte
            count += 1
        }
        guard count == 32 else { return nil }
    }

    public subscript(index: Int) -> UInt8 {
        get { withBytes { $0[index] } }
        set {
            precondition(index >= 0 && index < 32, "index \(index) is outside of 32 bytes")
            withUnsafeMutableBytes(of: &self) { $0[index] = newValue }
        }
    }

    /// The bytes in their order, valid inside `body` alone.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withUnsafeBytes(of: self, body)
    }

    /// The bytes in their order.
    public var array: [UInt8] { withBytes { Array($0) } }
}

extension Bytes32: Comparable {
    /// Order of the bytes as an unsigned big-endian number.
    public static func < (left: Bytes32, right: Bytes32) -> Bool {
        left.withBytes { l in right.withBytes { r in l.lexicographicallyPrecedes(r) } }
    }
}

/// 16 bytes stored inline: a random identifier.
public struct Bytes16: Hashable, Sendable {
    private var a: UInt64 = 0
    private var b: UInt64 = 0

    /// 16 zero bytes.
    public init() {}

    /// Nil unless `bytes` are exactly 16.
    public init?(_ bytes: some Sequence<UInt8>) {
        var padded = Array(bytes)
        guard padded.count == 16 else { return nil }
        padded.append(contentsOf: repeatElement(0, count: 16))
        withUnsafeMutableBytes(of: &self) { $0.copyBytes(from: padded.prefix(16)) }
    }

    /// 128 bits drawn from `generator`.
    public init(using generator: inout some RandomNumberGenerator) {
        a = generator.next()
        b = generator.next()
    }

    /// The bytes in their order, valid inside `body` alone.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withUnsafeBytes(of: self, body)
    }

    /// The bytes in their order.
    public var array: [UInt8] { withBytes { Array($0) } }
}
