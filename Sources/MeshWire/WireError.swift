/// Why bytes that a peer sent were refused. The node closes the connection with this as its reason.
public enum WireError: Error, Hashable, Sendable {
    /// A value ended before all of it was there, although its frame is complete.
    case truncated(String)
    /// Bytes follow the end of a value.
    case trailing(String)
    /// A length, count or depth exceeds its limit.
    case tooLarge(String, got: UInt64, limit: UInt64)
    /// A number has no meaning in its place.
    case unknown(String, UInt64)
    /// A value is well formed and yet not allowed.
    case invalid(String)
}

extension WireError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .truncated(let what): "the peer sent a truncated \(what)"
        case .trailing(let what): "the peer sent bytes after the end of a \(what)"
        case .tooLarge(let what, let got, let limit):
            "the peer sent a \(what) of \(got), more than the limit of \(limit)"
        case .unknown(let what, let value): "the peer sent an unknown \(what) (\(value))"
        case .invalid(let what): "the peer sent an invalid \(what)"
        }
    }
}
