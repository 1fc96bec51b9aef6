// What people write for an address, beside `HOST:PORT`.
extension NodeAddress {
    /// Where a node listens unless it is told otherwise, or the port is taken. TCP.
    public static let defaultPort: UInt16 = 7_411
    /// All interfaces, by IPv4 and by IPv6.
    public static let everywhere = "*"
    package static let anyV4 = "0.0.0.0"
    package static let anyV6 = "::"

    /// Stands for all interfaces: one listens there, and nobody can dial it.
    public var isWildcard: Bool { [Self.everywhere, Self.anyV4, Self.anyV6].contains(host) }

    /// Reaches this machine alone.
    public var isLoopback: Bool { Self.isLoopback(host) }

    package static func isLoopback(_ host: String) -> Bool { host.hasPrefix("127.") || host == "::1" }

    /// An address to dial: `HOST:PORT`, `[V6]:PORT`, or without the port, which then is ``defaultPort``.
    public init?(dialing text: String) {
        guard let address = NodeAddress(text) ?? Self.withoutPort(text), !address.isWildcard, address.port != 0 else {
            return nil
        }
        self = address
    }

    /// An address to listen at: as to dial, or a port alone (`7411`, `:7411`), which is taken on all interfaces; port 0
    /// takes any free one.
    public init?(listening text: String) {
        let digits = text.first == ":" ? text.dropFirst() : text[...]
        if let port = UInt16(digits) {
            self.init(host: Self.everywhere, port: port)
        } else if let address = NodeAddress(text) ?? Self.withoutPort(text) {
            self = address
        } else {
            return nil
        }
    }

    private static func withoutPort(_ text: String) -> NodeAddress? {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        let host = isBracketed ? String(text.dropFirst().dropLast()) : text
        let colons = host.count { $0 == ":" }
        // One colon is a port that is none; a number alone is a port, and no host.
        guard isHost(host), colons != 1, !isBracketed || colons > 1, UInt64(host) == nil else { return nil }
        return NodeAddress(host: host, port: defaultPort)
    }
}
