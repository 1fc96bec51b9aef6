/// The first message of a TLS connection, as anybody on the way can read it (RFC 8446, section 4.1.2).
struct ClientHello {
    /// What the client wants to speak (RFC 7301), and whom it names (RFC 6066).
    private(set) var protocols: [String] = []
    private(set) var serverName = ""

    /// Nil where a stream begins otherwise.
    init?(_ stream: [UInt8]) {
        // Record: type 22, version, length; handshake: type 1, length, version, 32 random bytes.
        guard stream.count > 43, stream[0] == 22, stream[5] == 1 else { return nil }
        var rest = stream[43...]
        guard rest.take(1) != nil, rest.take(2) != nil, rest.take(1) != nil, var extensions = rest.take(2) else {
            return nil
        }
        while let kind = extensions.number(2), var body = extensions.take(2) {
            switch kind {
            case 16:
                guard var list = body.take(2) else { return nil }
                while let name = list.take(1) { protocols.append(String(decoding: name, as: UTF8.self)) }
            case 0:
                guard var list = body.take(2), list.number(1) == 0, let name = list.take(2) else { return nil }
                serverName = String(decoding: name, as: UTF8.self)
            default: break
            }
        }
    }
}

extension ArraySlice<UInt8> {
    fileprivate mutating func number(_ size: Int) -> Int? {
        guard count >= size else { return nil }
        defer { removeFirst(size) }
        return prefix(size).reduce(0) { $0 << 8 | Int($1) }
    }

    /// As many bytes as the number of `size` bytes before them says.
    fileprivate mutating func take(_ size: Int) -> ArraySlice<UInt8>? {
        guard let length = number(size), count >= length else { return nil }
        defer { removeFirst(length) }
        return prefix(length)
    }
}
