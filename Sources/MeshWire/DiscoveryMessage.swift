package import NIOCore

/// What a discovery datagram says once its seal is opened.
package enum DiscoveryMessage: Hashable, Sendable {
    /// Who listens under this tag? Padded to at least the length of an answer, so that no answer is longer.
    case question(number: UInt64)
    /// I do: here are the addresses of my control listener.
    case answer(number: UInt64, node: NodeID, addresses: [NodeAddress])

    /// The number of an answer that nobody asked for: a node announces itself.
    package static let unasked: UInt64 = 0

    /// Addresses in one answer at most: 16 × (1 + 45 + 2) bytes fit a datagram.
    package static let addressLimit = 16

    package func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        switch self {
        case .question(let number):
            buffer.writeMultipleIntegers(UInt8(1), number)
            buffer.writeRepeatingByte(0, count: 900)
        case .answer(let number, let node, let addresses):
            buffer.writeMultipleIntegers(UInt8(2), number)
            buffer.writeBytes32(node.bytes)
            buffer.writeInteger(UInt8(min(addresses.count, Self.addressLimit)))
            for address in addresses.prefix(Self.addressLimit) {
                buffer.writeCountedBytes(Array(address.host.utf8.prefix(45)))
                buffer.writeInteger(address.port)
            }
        }
        return buffer
    }

    package init(reading payload: ByteBuffer) throws(WireError) {
        var buffer = payload
        let kind = try buffer.wireUInt8("datagram")
        let number = try buffer.wireUInt64("datagram")
        switch kind {
        case 1: self = .question(number: number)
        case 2:
            let node = NodeID(try buffer.wireBytes32("datagram"))
            let count = try buffer.wireUInt8("address count")
            guard count <= Self.addressLimit else {
                throw .tooLarge("address count", got: UInt64(count), limit: UInt64(Self.addressLimit))
            }
            var addresses: [NodeAddress] = []
            for _ in 0..<count {
                let host = String(decoding: try buffer.wireBytes("address", limit: 45), as: UTF8.self)
                guard let port = buffer.readInteger(as: UInt16.self) else { throw .truncated("address") }
                guard NodeAddress.isHost(host) else { throw .invalid("address") }
                addresses.append(NodeAddress(host: host, port: port))
            }
            self = .answer(number: number, node: node, addresses: addresses)
            try buffer.wireEnd("datagram")
        default: throw .unknown("datagram", UInt64(kind))
        }
    }
}

/// Where a node listens.
public struct NodeAddress: Hashable, Sendable, Codable, CustomStringConvertible {
    /// A host name or numeric address; IPv6 without brackets, link-local ones with `%interface`.
    public var host: String
    public var port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT` or `[V6]:PORT`; nil for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = String(text[..<colon])
        if host.hasPrefix("[") && host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        guard Self.isHost(host) else { return nil }
        self.init(host: host, port: port)
    }

    /// The longest name of the DNS (RFC 1035, section 3.1, as text).
    private static let longestHost = 253

    /// Whether `host` has nothing but what names and addresses are made of; whether it leads anywhere, dialing shows. A
    /// NUL would end it early for the system's resolver, and control characters would reach a terminal.
    package static func isHost(_ host: String) -> Bool {
        let isMadeOfNames = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "%"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return !host.isEmpty && host.utf8.count <= longestHost && isMadeOfNames
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
