/// A node's lasting name: SHA-256 of its public key's SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
public struct NodeID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The digest's 32 bytes.
    public let bytes: Bytes32

    public init(_ bytes: Bytes32) {
        self.bytes = bytes
    }

    /// Reads what `description` writes, forgivingly as ``Base32`` does; nil where the check symbols do not fit.
    public init?(_ text: String) {
        let symbols = text.filter { $0 != "-" && $0 != " " }
        guard symbols.utf8.count == 54, let bytes = Base32.decode(String(symbols.prefix(52))).flatMap(Bytes32.init),
            let given = Base32.decode(String(symbols.suffix(2)) + "000000"), given.count >= 2
        else { return nil }
        self.bytes = bytes
        guard UInt16(given[0]) << 8 | UInt16(given[1]) == check << 6 else { return nil }
    }

    /// Nine groups of six base32 symbols; the last two symbols of the last group check the others.
    public var description: String {
        let high = Base32.alphabet[Int(check >> 5)]
        let low = Base32.alphabet[Int(check & 31)]
        let symbols = Array((Base32.encode(bytes.array)).utf8) + [high, low]
        return stride(from: 0, to: symbols.count, by: 6)
            .map { String(decoding: symbols[$0..<min($0 + 6, symbols.count)], as: UTF8.self) }
            .joined(separator: "-")
    }

    /// The first eight symbols: enough to tell the nodes of a mesh apart in a table, not to trust one.
    public var short: String { String(Base32.encode(bytes.array).prefix(8)) }

    /// The bytes as one number modulo 1021, the largest prime below 2^10: finds every single wrong symbol.
    private var check: UInt16 {
        UInt16(bytes.array.reduce(UInt32(0)) { ($0 << 8 | UInt32($1)) % 1021 })
    }

    public static func < (left: NodeID, right: NodeID) -> Bool { left.bytes < right.bytes }
}

/// A transfer's name on both sides: 128 random bits drawn by the sender.
public struct TransferID: Hashable, Sendable, CustomStringConvertible {
    public let bytes: Bytes16

    public init(_ bytes: Bytes16) {
        self.bytes = bytes
    }

    /// Reads what `description` writes.
    public init?(_ text: String) {
        guard let bytes = Base32.decode(text).flatMap(Bytes16.init) else { return nil }
        self.bytes = bytes
    }

    /// 26 base32 symbols.
    public var description: String { Base32.encode(bytes.array) }

    /// The first 16 symbols (80 bits): the name of part files and what tables show.
    public var short: String { String(description.prefix(16)) }
}

/// A channel's name on both sides: 128 random bits drawn by the node that offers it.
public struct ChannelID: Hashable, Sendable, CustomStringConvertible {
    public let bytes: Bytes16

    public init(_ bytes: Bytes16) {
        self.bytes = bytes
    }

    public init?(_ text: String) {
        guard let bytes = Base32.decode(text).flatMap(Bytes16.init) else { return nil }
        self.bytes = bytes
    }

    public var description: String { Base32.encode(bytes.array) }
}

/// One run of a node, which may have several at a time: 128 random bits drawn when it begins. A peer that comes back under
/// another one has forgotten what was only in memory, or never knew it.
package struct InstanceID: Hashable, Sendable, CustomStringConvertible {
    package let bytes: Bytes16

    package init(_ bytes: Bytes16) {
        self.bytes = bytes
    }

    package init?(_ text: String) {
        guard let bytes = Base32.decode(text).flatMap(Bytes16.init) else { return nil }
        self.bytes = bytes
    }

    package var description: String { Base32.encode(bytes.array) }
}

/// SHA-256 of a chunk's plain bytes, of a manifest, or of a whole transfer.
public typealias Digest = Bytes32

extension Bytes32 {
    /// 64 lower-case hexadecimal digits.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: array.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Reads 64 hexadecimal digits.
    public init?(hex: String) {
        guard hex.utf8.count == 64 else { return nil }
        let digits = hex.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        self.init(bytes)
    }
}

// On the control plane and in JSON, identifiers are their text.
extension NodeID: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decodeText(from: decoder, NodeID.init)
    }
    public func encode(to encoder: any Encoder) throws { try encodeText(description, to: encoder) }
}

extension TransferID: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decodeText(from: decoder, TransferID.init)
    }
    public func encode(to encoder: any Encoder) throws { try encodeText(description, to: encoder) }
}

extension ChannelID: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decodeText(from: decoder, ChannelID.init)
    }
    public func encode(to encoder: any Encoder) throws { try encodeText(description, to: encoder) }
}

extension InstanceID: Codable {
    package init(from decoder: any Decoder) throws {
        self = try decodeText(from: decoder, InstanceID.init)
    }
    package func encode(to encoder: any Encoder) throws { try encodeText(description, to: encoder) }
}

extension Bytes32: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decodeText(from: decoder, { Bytes32(hex: $0) })
    }
    public func encode(to encoder: any Encoder) throws { try encodeText(hex, to: encoder) }
}

private func decodeText<Value>(from decoder: any Decoder, _ read: (String) -> Value?) throws -> Value {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = read(text) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a \(Value.self)")
    }
    return value
}

private func encodeText(_ text: String, to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
}
